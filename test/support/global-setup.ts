import { reserveBuild } from "./build-place"
import { startServers } from "./servers"

declare global {
  var testServers: Awaited<ReturnType<typeof startServers>> | undefined
}

/** Jest's globalSetup: runs once for all projects, before the workers inherit the environment. */
export default async function globalSetup(): Promise<void> {
  reserveBuild()
  globalThis.testServers = await startServers()
}
