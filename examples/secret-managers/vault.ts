import { askForKeys, fernetKeyOf } from "./ask-for-keys.ts"

// #region vault
/** Sends a request to the Vault or OpenBao at VAULT_ADDR, with the token in VAULT_TOKEN. */
async function askVault<Data>(path: string, signal: AbortSignal, body?: object): Promise<Data> {
  const response = await fetch(new URL(`/v1/${path}`, process.env.VAULT_ADDR), {
    method: body ? "POST" : "GET",
    headers: { "X-Vault-Token": process.env.VAULT_TOKEN ?? "", "X-Vault-Request": "true" },
    body: body ? JSON.stringify(body) : null,
    signal,
  })
  if (!response.ok) throw Object.assign(new Error(), { status: response.status })
  return ((await response.json()) as { readonly data: Data }).data
}
// #endregion

// #region vault-kv
/** @param path - of the secret in a KV store of version 2, as in `secret/data/patients` */
export function vaultKv(path: string, field: string, timeout?: number): Promise<string> {
  type Secret = { readonly data: Readonly<Record<string, string>> }
  const ask = async (signal: AbortSignal) => (await askVault<Secret>(path, signal)).data[field]
  return askForKeys("Vault", ask, timeout)
}
// #endregion

// #region vault-transit
/** @param wrapped - wrapped keys, separated by commas, the one to encrypt with first */
export function vaultTransit(name: string, wrapped: string, timeout?: number): Promise<string[]> {
  type Unwrapped = { readonly plaintext: string }
  const ask = async (signal: AbortSignal) => {
    const keys: string[] = []
    for (const ciphertext of wrapped.split(",")) {
      const path = `transit/decrypt/${name}`
      const { plaintext } = await askVault<Unwrapped>(path, signal, { ciphertext })
      keys.push(fernetKeyOf(Buffer.from(plaintext, "base64")))
    }
    return keys
  }
  return askForKeys("Vault", ask, timeout)
}
// #endregion

// #region vault-transit-wrapped
/** Makes a key that only Vault can unwrap, once: keep what it returns beside the configuration. */
export async function wrappedVaultKey(name: string): Promise<string> {
  type Wrapped = { readonly ciphertext: string }
  const path = `transit/datakey/wrapped/${name}`
  const request = askVault<Wrapped>(path, AbortSignal.timeout(10_000), { bits: 256 })
  return (await request).ciphertext
}
// #endregion
