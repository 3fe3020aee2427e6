import { spawnSync } from "node:child_process"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** Builds and packs this package as `npm publish` would, and returns the path of the tarball. */
export function pack(destination) {
  const { status, stdout, error } = spawnSync(
    "npm",
    ["pack", "--json", "--pack-destination", destination],
    {
      cwd: repository,
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    },
  )
  if (error) throw error
  if (status !== 0) throw new Error("The package cannot be packed.")
  return join(destination, JSON.parse(stdout)[0].filename)
}
