import "./global-setup"
import { removeBuild } from "./built-package"
import { stopAll } from "./servers"

/** Jest's globalTeardown: stops what globalSetup started. */
export default async function globalTeardown(): Promise<void> {
  removeBuild()
  await stopAll(globalThis.testServers ?? [])
}
