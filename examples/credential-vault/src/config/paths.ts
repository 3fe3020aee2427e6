import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The folder of this package, above `src` and `built`. */
export const packageFolder = fileURLToPath(new URL("../../", import.meta.url))

/** Where keys and secrets that the vault makes for itself are kept. */
export function envFile(): string {
  return process.env.VAULT_ENV_FILE ?? join(packageFolder, ".env")
}

/** Where the embedded PostgreSQL keeps its files. */
export function dataFolder(): string {
  return process.env.VAULT_DATA ?? join(packageFolder, ".vault")
}
