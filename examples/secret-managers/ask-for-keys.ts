import { KeyError } from "typeorm-fernet"

// #region ask-for-keys
/**
 * Asks a service for keys, and waits so many milliseconds. An error has the name of the service and a
 * code: messages of clients may quote what was returned.
 */
export async function askForKeys<Keys extends string | readonly string[]>(
  service: string,
  ask: (signal: AbortSignal) => Promise<Keys | undefined>,
  timeout = 10_000,
): Promise<Keys> {
  const signal = AbortSignal.timeout(timeout)
  const late = new Promise<never>((_, reject) => signal.addEventListener("abort", reject))
  const told = (code: string) => new KeyError("ERR_KEY_MISSING", `${service} gave no key: ${code}.`)
  const keys = await Promise.race([ask(signal), late]).catch((error: unknown) => {
    throw told(signal.aborted ? "TimeoutError" : codeOf(error))
  })
  if (keys === undefined || keys.length === 0) throw told("its value is empty")
  return keys
}

/** Too short for a key, in whatever spelling. */
const CODE = /^[\w.-]{1,39}$/

function codeOf(error: unknown): string {
  const { code, cause, status, name } = error as Record<string, unknown>
  const codes = [code, (cause as { readonly code?: unknown } | undefined)?.code, status, name]
  return codes.map(String).find((text) => text !== "undefined" && CODE.test(text)) ?? "Error"
}
// #endregion

// #region fernet-key
/** Returns 32 random bytes as a Fernet key. */
export function fernetKeyOf(bytes: Uint8Array): string {
  return `${Buffer.from(bytes).toString("base64url")}=`
}
// #endregion
