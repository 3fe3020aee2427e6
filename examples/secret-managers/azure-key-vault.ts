import type { TokenCredential } from "@azure/identity"
import type { SecretClientOptions } from "@azure/keyvault-secrets"

import { askForKeys } from "./ask-for-keys.ts"

// #region azure-key-vault
type Options = SecretClientOptions & { readonly credential?: TokenCredential }

export function azureKeyVault(
  vaultUrl: string,
  name: string,
  { credential, ...options }: Options = {},
  timeout?: number,
): Promise<string> {
  const ask = async (abortSignal: AbortSignal) => {
    const { DefaultAzureCredential } = await import("@azure/identity")
    const { SecretClient } = await import("@azure/keyvault-secrets")
    const client = new SecretClient(vaultUrl, credential ?? new DefaultAzureCredential(), options)
    return (await client.getSecret(name, { abortSignal })).value
  }
  return askForKeys("Azure Key Vault", ask, timeout)
}
// #endregion
