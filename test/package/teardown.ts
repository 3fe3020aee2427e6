import { removePacked } from "./packed-tarball"

/** Jest's globalTeardown of the tests of the package. */
export default function packageTeardown(): void {
  removePacked()
}
