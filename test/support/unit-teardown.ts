import { removeBuild } from "./build-place"

/** Jest's globalTeardown of the unit tests. */
export default function unitTeardown(): void {
  removeBuild()
}
