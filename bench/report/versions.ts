import { readFileSync } from "node:fs"
import { join } from "node:path"

/** Returns the installed versions of packages. npm runs scripts in the root of the repository. */
export function versionsOf(...packages: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    packages.map((name) => {
      const text = readFileSync(join("node_modules", name, "package.json"), "utf8")
      return [name, (JSON.parse(text) as { readonly version: string }).version]
    }),
  )
}
