import "./global-setup"
import { stopAll } from "./servers"

/** Jest's globalTeardown: stops what globalSetup started. */
export default async function globalTeardown(): Promise<void> {
  await stopAll(globalThis.testServers ?? [])
}
