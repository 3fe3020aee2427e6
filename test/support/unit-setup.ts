import { reserveBuild } from "./build-place"

/** Jest's globalSetup of the unit tests: runs before the workers inherit the environment. */
export default function unitSetup(): void {
  reserveBuild()
}
