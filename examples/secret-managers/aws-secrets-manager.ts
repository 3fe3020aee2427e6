import { askForKeys } from "./ask-for-keys.ts"

// #region aws-secrets-manager
export function awsSecretsManager(secretId: string, timeout?: number): Promise<string> {
  const ask = async (abortSignal: AbortSignal) => {
    const aws = await import("@aws-sdk/client-secrets-manager")
    const command = new aws.GetSecretValueCommand({ SecretId: secretId })
    const answer = await new aws.SecretsManagerClient({}).send(command, { abortSignal })
    return answer.SecretString
  }
  return askForKeys("AWS Secrets Manager", ask, timeout)
}
// #endregion
