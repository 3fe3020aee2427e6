import assert from "node:assert/strict"
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"

import { OAuth2Client } from "google-auth-library"

import { awsKms, wrappedAwsKmsKey } from "./aws-kms.ts"
import { awsSecretsManager } from "./aws-secrets-manager.ts"
import { azureKeyVault } from "./azure-key-vault.ts"
import { googleSecretManager } from "./google-secret-manager.ts"
import type { Answer, Answering, Request, StandIn } from "./stand-in.ts"
import { vaultKv, vaultTransit, wrappedVaultKey } from "./vault.ts"

/** What may go wrong, and what its error says then. */
export type Failure = "denied" | "missing" | "throttled"

export interface Service {
  readonly name: string
  /** Readies the environment of the process for the client. */
  prepare(standIn: StandIn): Promise<void> | void
  /** The function of the example. */
  readonly keyring: (standIn: StandIn, timeout?: number) => Promise<string | readonly string[]>
  /** What the service answers that holds these keys. */
  holding(keys: readonly string[]): Answering
  /** What it answers when it fails; its message is `MARKER`, which no error may show. */
  failing(failure: Failure): Answering
  /** What the error names of each failure. */
  readonly codes: Readonly<Record<Failure, string>>
  /** How often the client asks before it gives up a service that is busy. */
  readonly tries: number
}

/** Stands in every answer that fails, and in none of the errors. */
export const MARKER = "marker-4711"

const json = (status: number, body: object, headers = {}): Answer => ({ status, body, headers })

/** Wraps keys as a service does that never hands out the key it wraps with. */
class Wrapping {
  readonly #key = randomBytes(32)

  wrap(plaintext: Uint8Array, context: string): Buffer {
    const nonce = randomBytes(12)
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce).setAAD(Buffer.from(context))
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed])
  }

  unwrap(wrapped: Buffer, context: string): Buffer {
    const decipher = createDecipheriv("aes-256-gcm", this.#key, wrapped.subarray(0, 12))
    decipher.setAAD(Buffer.from(context)).setAuthTag(wrapped.subarray(12, 28))
    return Buffer.concat([decipher.update(wrapped.subarray(28)), decipher.final()])
  }
}

/** AWS: JSON by POST, the operation in a header, errors by `__type`. */
function awsAnswers(operations: Readonly<Record<string, (body: never) => object>>): Answering {
  return ({ method, url, headers, body }) => {
    assert.equal(`${method} ${url.pathname}`, "POST /")
    assert.equal(headers["content-type"], "application/x-amz-json-1.1")
    assert.match(String(headers.authorization), /^AWS4-HMAC-SHA256 Credential=example\//)
    const operation = operations[String(headers["x-amz-target"])]
    assert.ok(operation, `no operation ${headers["x-amz-target"]}`)
    return json(200, operation(JSON.parse(body) as never))
  }
}
const awsFails = (types: Readonly<Record<Failure, string>>) => (failure: Failure) => () =>
  json(400, { __type: types[failure], Message: MARKER, message: MARKER })

function prepareAws(standIn: StandIn): void {
  Object.assign(process.env, {
    AWS_REGION: "eu-central-1",
    AWS_ACCESS_KEY_ID: "example",
    AWS_SECRET_ACCESS_KEY: "example",
    AWS_ENDPOINT_URL: standIn.url,
  })
}

const secretsManagerErrors = {
  denied: "AccessDeniedException",
  missing: "ResourceNotFoundException",
  throttled: "ThrottlingException",
}
const secretsManager: Service = {
  name: "AWS Secrets Manager",
  prepare: prepareAws,
  keyring: (_, timeout) => awsSecretsManager("patients/encryption-key", timeout),
  holding: (keys) =>
    awsAnswers({
      "secretsmanager.GetSecretValue": ({ SecretId }: { readonly SecretId: string }) => {
        assert.equal(SecretId, "patients/encryption-key")
        return { Name: SecretId, SecretString: keys.join(","), VersionStages: ["AWSCURRENT"] }
      },
    }),
  failing: awsFails(secretsManagerErrors),
  codes: secretsManagerErrors,
  tries: 3,
}

interface WrapRequest {
  readonly KeyId: string
  readonly NumberOfBytes: number
  readonly CiphertextBlob: string
  readonly EncryptionContext: object
}
const kmsErrors = {
  denied: "AccessDeniedException",
  missing: "NotFoundException",
  throttled: "ThrottlingException",
}
const kms: Service & { wrapped: string } = {
  name: "AWS KMS",
  wrapped: "",
  prepare: prepareAws,
  keyring: (_, timeout) => awsKms("alias/patients", kms.wrapped, timeout),
  holding(keys) {
    const wrapping = new Wrapping()
    const context = JSON.stringify({ purpose: "typeorm-fernet" })
    const blobs = keys.map((key) => wrapping.wrap(Buffer.from(key, "base64url"), context))
    kms.wrapped = blobs.map((blob) => blob.toString("base64")).join(",")
    return awsAnswers({
      "TrentService.GenerateDataKeyWithoutPlaintext": (request: WrapRequest) => {
        assert.deepEqual([request.KeyId, request.NumberOfBytes], ["alias/patients", 32])
        const blob = wrapping.wrap(randomBytes(32), JSON.stringify(request.EncryptionContext))
        return { KeyId: request.KeyId, CiphertextBlob: blob.toString("base64") }
      },
      "TrentService.Decrypt": (request: WrapRequest) => {
        assert.equal(request.KeyId, "alias/patients")
        const blob = Buffer.from(request.CiphertextBlob, "base64")
        const key = wrapping.unwrap(blob, JSON.stringify(request.EncryptionContext))
        return { KeyId: request.KeyId, Plaintext: key.toString("base64") }
      },
    })
  },
  failing: awsFails(kmsErrors),
  codes: kmsErrors,
  tries: 3,
}

const googleStatuses = { denied: 403, missing: 404, throttled: 429 }
const googleReasons = {
  denied: "PERMISSION_DENIED",
  missing: "NOT_FOUND",
  throttled: "RESOURCE_EXHAUSTED",
}
const google: Service = {
  name: "Google Secret Manager",
  prepare: () => undefined,
  keyring({ port }, timeout) {
    const authClient = new OAuth2Client()
    authClient.setCredentials({ access_token: "example", expiry_date: Date.now() + 3_600_000 })
    const local = { protocol: "http", apiEndpoint: "127.0.0.1", port, projectId: "p", authClient }
    const name = "projects/p/secrets/encryption-key/versions/latest"
    return googleSecretManager(name, local, timeout)
  },
  holding: (keys) => (request) => {
    const path = "/v1/projects/p/secrets/encryption-key/versions/latest:access"
    assert.equal(`${request.method} ${request.url.pathname}`, `GET ${path}`)
    assert.equal(request.headers.authorization, "Bearer example")
    const data = Buffer.from(keys.join(",")).toString("base64")
    return json(200, { name: "projects/1/secrets/encryption-key/versions/1", payload: { data } })
  },
  failing: (failure) => () => {
    const code = googleStatuses[failure]
    return json(code, { error: { code, message: MARKER, status: googleReasons[failure] } })
  },
  codes: { denied: "403", missing: "404", throttled: "429" },
  tries: 1,
}

const azureErrors = { denied: "Forbidden", missing: "SecretNotFound", throttled: "Throttled" }
/** The first request is without a token, and told where to get one. */
function azureAnswers(answer: (request: Request) => Answer): Answering {
  const scheme = `Bearer authorization="https://login.microsoftonline.com/t", resource="https://vault.azure.net"`
  return (request) => {
    assert.equal(`${request.method} ${request.url.pathname}`, "GET /secrets/encryption-key/")
    const { authorization } = request.headers
    if (authorization === undefined) return json(401, {}, { "WWW-Authenticate": scheme })
    assert.equal(authorization, "Bearer example")
    return answer(request)
  }
}
const azure: Service = {
  name: "Azure Key Vault",
  prepare: () => undefined,
  keyring({ url }, timeout) {
    const getToken = (scopes: string | string[]) => {
      assert.deepEqual([scopes].flat(), ["https://vault.azure.net/.default"])
      return Promise.resolve({ token: "example", expiresOnTimestamp: Date.now() + 3_600_000 })
    }
    const options = {
      credential: { getToken },
      allowInsecureConnection: true,
      disableChallengeResourceVerification: true,
    }
    return azureKeyVault(url, "encryption-key", options, timeout)
  },
  holding: (keys) =>
    azureAnswers(({ url }) => json(200, { value: keys.join(","), id: `${url.origin}/secrets/1` })),
  failing: (failure) => {
    const status = { denied: 403, missing: 404, throttled: 429 }[failure]
    const body = { error: { code: azureErrors[failure], message: MARKER } }
    return azureAnswers(() => json(status, body, { "retry-after-ms": "1" }))
  },
  codes: azureErrors,
  tries: 4,
}

const vaultStatuses = { denied: 403, missing: 404, throttled: 429 }
const prepareVault = (standIn: StandIn): void => {
  Object.assign(process.env, { VAULT_ADDR: standIn.url, VAULT_TOKEN: "example" })
}
const vaultFails = (failure: Failure) => () =>
  json(vaultStatuses[failure], { errors: [`1 error occurred: ${MARKER}`] })
const vaultCodes = { denied: "403", missing: "404", throttled: "429" }
const vaultData = (request: Request, data: object): Answer => {
  assert.equal(request.headers["x-vault-token"], "example")
  return json(200, { request_id: "1", lease_id: "", renewable: false, data })
}

const kv: Service = {
  name: "Vault",
  prepare: prepareVault,
  keyring: (_, timeout) => vaultKv("secret/data/patients", "ENCRYPTION_KEY", timeout),
  holding: (keys) => (request) => {
    assert.equal(`${request.method} ${request.url.pathname}`, "GET /v1/secret/data/patients")
    return vaultData(request, {
      data: { ENCRYPTION_KEY: keys.join(",") },
      metadata: { version: 1 },
    })
  },
  failing: vaultFails,
  codes: vaultCodes,
  tries: 1,
}

const transit: Service & { wrapped: string } = {
  name: "Vault",
  wrapped: "",
  prepare: prepareVault,
  keyring: (_, timeout) => vaultTransit("patients", transit.wrapped, timeout),
  holding(keys) {
    const wrapping = new Wrapping()
    const wrap = (key: Uint8Array) => `vault:v1:${wrapping.wrap(key, "").toString("base64")}`
    transit.wrapped = keys.map((key) => wrap(Buffer.from(key, "base64url"))).join(",")
    return (request) => {
      assert.equal(request.method, "POST")
      const body = JSON.parse(request.body) as { readonly ciphertext: string; bits: number }
      if (request.url.pathname === "/v1/transit/datakey/wrapped/patients") {
        assert.equal(body.bits, 256)
        return vaultData(request, { ciphertext: wrap(randomBytes(32)), key_version: 1 })
      }
      assert.equal(request.url.pathname, "/v1/transit/decrypt/patients")
      const wrapped = Buffer.from(body.ciphertext.slice("vault:v1:".length), "base64")
      return vaultData(request, { plaintext: wrapping.unwrap(wrapped, "").toString("base64") })
    }
  },
  failing: vaultFails,
  codes: vaultCodes,
  tries: 1,
}

export const services: Readonly<Record<string, Service>> = {
  "AWS Secrets Manager": secretsManager,
  "AWS KMS": kms,
  "Google Secret Manager": google,
  "Azure Key Vault": azure,
  "Vault, KV": kv,
  "Vault, transit": transit,
}

/** The services that hand out what they hold, whatever it is. */
export const keepingServices = [secretsManager, google, azure, kv]

/** The services that keep no key, and how one is made that only they can unwrap. */
export const wrappingServices = [
  { service: kms, make: () => wrappedAwsKmsKey("alias/patients") },
  { service: transit, make: () => wrappedVaultKey("patients") },
]
