import { awsKms } from "./aws-kms.ts"
import { awsSecretsManager } from "./aws-secrets-manager.ts"
import { azureKeyVault } from "./azure-key-vault.ts"
import { googleSecretManager } from "./google-secret-manager.ts"
import { mountedFile } from "./mounted-file.ts"
import { vaultKv, vaultTransit } from "./vault.ts"

const { WRAPPED_KEY = "" } = process.env

/** What the guide's table gives `withEncryption`, by where the key is. */
export const keyrings = {
  secretsManager: { keyring: () => awsSecretsManager("patients/encryption-key") },
  kms: { keyring: () => awsKms("alias/patients", WRAPPED_KEY) },
  google: {
    keyring: () => googleSecretManager("projects/p/secrets/encryption-key/versions/latest"),
  },
  azure: { keyring: () => azureKeyVault("https://clinic.vault.azure.net", "encryption-key") },
  kv: { keyring: () => vaultKv("secret/data/patients", "ENCRYPTION_KEY") },
  transit: { keyring: () => vaultTransit("patients", WRAPPED_KEY) },
  file: { keyring: () => mountedFile("/run/secrets/encryption-key") },
}
