import "./global-setup"
import { removeBuild } from "./build-place"
import { stopAll } from "./servers"

/** Jest's globalTeardown: stops what globalSetup started. */
export default async function globalTeardown(): Promise<void> {
  removeBuild()
  await stopAll(globalThis.testServers ?? [])
}
