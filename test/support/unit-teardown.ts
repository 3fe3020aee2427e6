import { removeBuild } from "./built-package"

/** Jest's globalTeardown of the unit tests. */
export default function unitTeardown(): void {
  removeBuild()
}
