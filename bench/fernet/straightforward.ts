import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from "node:crypto"

/** Fernet as one writes it with node:crypto in ten minutes: right, and one object for each step. */
export class StraightforwardFernet {
  readonly #signingKey: KeyObject
  readonly #encryptionKey: KeyObject

  constructor(key: string) {
    const bytes = Buffer.from(key, "base64url")
    this.#signingKey = createSecretKey(bytes.subarray(0, 16))
    this.#encryptionKey = createSecretKey(bytes.subarray(16))
  }

  /** Returns the token of a text. */
  encrypt(text: string): string {
    const head = Buffer.alloc(9)
    head.writeUInt8(0x80)
    head.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000)), 1)
    const iv = randomBytes(16)
    const cipher = createCipheriv("aes-128-cbc", this.#encryptionKey, iv)
    const body = Buffer.concat([head, iv, cipher.update(text, "utf8"), cipher.final()])
    const mac = createHmac("sha256", this.#signingKey).update(body).digest()
    const token = Buffer.concat([body, mac]).toString("base64url")
    return token.padEnd(Math.ceil(token.length / 4) * 4, "=")
  }

  /**
   * Returns the text of a token.
   *
   * @throws if the key did not sign it
   */
  decrypt(token: string): string {
    const bytes = Buffer.from(token, "base64url")
    const body = bytes.subarray(0, -32)
    const mac = createHmac("sha256", this.#signingKey).update(body).digest()
    if (bytes[0] !== 0x80 || !timingSafeEqual(mac, bytes.subarray(-32))) throw new Error("Invalid.")
    const decipher = createDecipheriv("aes-128-cbc", this.#encryptionKey, body.subarray(9, 25))
    return Buffer.concat([decipher.update(body.subarray(25)), decipher.final()]).toString("utf8")
  }
}
