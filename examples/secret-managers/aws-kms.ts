import { askForKeys, fernetKeyOf } from "./ask-for-keys.ts"

// #region aws-kms
/** Bound to every key: KMS unwraps none that was wrapped for something else. */
const EncryptionContext = { purpose: "typeorm-fernet" }

/** @param wrapped - wrapped keys, separated by commas, the one to encrypt with first */
export function awsKms(keyId: string, wrapped: string, timeout?: number): Promise<string[]> {
  const ask = async (abortSignal: AbortSignal) => {
    const aws = await import("@aws-sdk/client-kms")
    const client = new aws.KMSClient({})
    const unwrap = async (key: string): Promise<string> => {
      const CiphertextBlob = Buffer.from(key, "base64")
      const command = new aws.DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionContext })
      const { Plaintext = new Uint8Array() } = await client.send(command, { abortSignal })
      return fernetKeyOf(Plaintext)
    }
    const keys: string[] = []
    for (const key of wrapped.split(",")) keys.push(await unwrap(key))
    return keys
  }
  return askForKeys("AWS KMS", ask, timeout)
}
// #endregion

// #region aws-kms-wrapped
/** Makes a key that only KMS can unwrap, once: keep what it returns beside the configuration. */
export async function wrappedAwsKmsKey(keyId: string): Promise<string> {
  const aws = await import("@aws-sdk/client-kms")
  const request = { KeyId: keyId, NumberOfBytes: 32, EncryptionContext }
  const command = new aws.GenerateDataKeyWithoutPlaintextCommand(request)
  const { CiphertextBlob = new Uint8Array() } = await new aws.KMSClient({}).send(command)
  return Buffer.from(CiphertextBlob).toString("base64")
}
// #endregion
