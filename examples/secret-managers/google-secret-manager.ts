import type { SecretManagerServiceClient } from "@google-cloud/secret-manager"

import { askForKeys } from "./ask-for-keys.ts"

// #region google-secret-manager
type Options = ConstructorParameters<typeof SecretManagerServiceClient>[0]

export function googleSecretManager(
  name: string,
  options?: Options,
  timeout?: number,
): Promise<string> {
  const ask = async () => {
    const google = await import("@google-cloud/secret-manager")
    // Over REST, which needs no gRPC
    const client = new google.SecretManagerServiceClient({ fallback: true, ...options })
    const [version] = await client.accessSecretVersion({ name })
    return Buffer.from(version.payload?.data ?? "").toString()
  }
  return askForKeys("Google Secret Manager", ask, timeout)
}
// #endregion
