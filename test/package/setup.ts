import { packOnce } from "./packed-tarball"

/** Jest's globalSetup of the tests of the package: runs before the workers inherit the environment. */
export default function packageSetup(): void {
  packOnce()
}
