import type { DataSource } from "typeorm"

import { EncryptionError } from "../errors"
import { keysOf } from "../binding/keys/keys"

/** Options of `encryptionHealth`. */
export interface EncryptionHealthOptions<Key extends string> {
  /** What the indicator is called. Defaults to `"encryption"`. */
  readonly key?: Key
  /**
   * Finds out whether the DataSource is well, and throws if it is not, as `assertEncryption` does. Defaults
   * to having its keys, which those of tenants are not outside of their work, and an answer of the database.
   */
  readonly check?: (dataSource: DataSource) => Promise<unknown>
  /** Milliseconds after which what has not answered is down. Defaults to 5,000. */
  readonly timeout?: number
}

/** What Terminus takes of an indicator. */
export type EncryptionHealth<Key extends string> = Record<
  Key,
  { readonly status: "down" | "up"; readonly reason?: string }
>

/**
 * Says whether encrypted columns can be used, for `HealthCheckService.check` of `@nestjs/terminus` or a
 * controller of one's own. Where it is down, `reason` is the code or the name of the error, which shows
 * neither a value nor what a service or server answered.
 *
 * @example
 * ```ts
 * this.health.check([() => encryptionHealth(this.dataSource)])
 * ```
 */
export async function encryptionHealth<const Key extends string = "encryption">(
  dataSource: DataSource,
  options: EncryptionHealthOptions<Key> = {},
): Promise<EncryptionHealth<Key>> {
  const { key = "encryption" as Key, check = checkBoth, timeout = 5000 } = options
  try {
    await Promise.race([check(dataSource), lateAfter(timeout)])
    return { [key]: { status: "up" } } as EncryptionHealth<Key>
  } catch (error) {
    return { [key]: { status: "down", reason: reasonOf(error) } } as EncryptionHealth<Key>
  }
}

async function checkBoth(dataSource: DataSource): Promise<void> {
  const keys = keysOf(dataSource)
  if (!keys) {
    throw new EncryptionError(
      "ERR_COLUMN_UNBOUND",
      "The DataSource was not given to withEncryption(), so its columns have no keys.",
    )
  }
  if (!keys.tenants) keys.get()
  await dataSource.query("SELECT 1")
}

function lateAfter(milliseconds: number): Promise<never> {
  const signal = AbortSignal.timeout(milliseconds)
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(signal.reason as Error)
    })
  })
}

/** Too short for a key, and no sentence. */
const IDENTIFIER = /^\w{1,39}$/

function reasonOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  const isShown = (text: unknown): text is string =>
    typeof text === "string" && IDENTIFIER.test(text)
  return [code, name].find(isShown) ?? "Error"
}
