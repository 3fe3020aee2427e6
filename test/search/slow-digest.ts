import { createHmac, hkdfSync, scryptSync } from "node:crypto"

/** Returns the digest of a slow index, by the published formula. */
export function slowDigest(key: string, context: string, message: Buffer, slow: number): string {
  const info = `typeorm-fernet/blind-index/v1/${context}`
  const secret = Buffer.from(hkdfSync("sha256", Buffer.from(key, "base64url"), "", info, 32))
  const mac = (of: Buffer | string): Buffer => createHmac("sha256", secret).update(of).digest()
  const salt = mac("typeorm-fernet/blind-index/scrypt")
  const maxmem = 1 << 28
  return mac(scryptSync(message, salt, 32, { N: 2 ** slow, r: 8, p: 1, maxmem })).toString("hex")
}
