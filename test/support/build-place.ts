import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The environment variable that tells the workers of a test run where the package is built. */
export const BUILD_PLACE = "BUILT_PACKAGE"

/** Before the workers of a test run start: reserves a place for what the first of them builds. */
export function reserveBuild(): void {
  process.env[BUILD_PLACE] ??= mkdtempSync(join(tmpdir(), "typeorm-fernet-built-"))
}

/** After a test run: removes what was built. */
export function removeBuild(): void {
  const directory = process.env[BUILD_PLACE]
  if (directory) rmSync(directory, { recursive: true, force: true })
}
