import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { repository, run } from "./run"

/** The environment variable that tells the workers of a test run what to install. */
const TARBALL = "PACKED_TARBALL"

declare global {
  var packedHere: string | undefined
}

/** Returns the path of the tarball that the tests install. */
export function packedTarball(): string {
  const path = process.env[TARBALL]
  if (path === undefined) throw new Error("Run these tests by jest.package.config.cjs.")
  return path
}

/** Before the workers of a test run start: packs this package, unless it is given packed. */
export function packOnce(): void {
  if (process.env[TARBALL] !== undefined) return
  const destination = mkdtempSync(join(tmpdir(), "typeorm-fernet-packed-"))
  const told = run("npm", ["pack", "--json", "--pack-destination", destination], repository)
  const [packed] = JSON.parse(told) as [{ readonly filename: string }]
  process.env[TARBALL] = join(destination, packed.filename)
  globalThis.packedHere = destination
}

/** After a test run: removes what it packed. */
export function removePacked(): void {
  if (globalThis.packedHere !== undefined) rmSync(globalThis.packedHere, { recursive: true })
}
