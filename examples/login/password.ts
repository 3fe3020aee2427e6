import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

const SALT_BYTES = 16
const HASH_BYTES = 32

/** Returns what an account keeps of a password: a salt and its hash, in hexadecimal. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return Buffer.concat([salt, await derive(password, salt, HASH_BYTES)]).toString("hex")
}

/** Whether it is the password of a hash. */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const bytes = Buffer.from(kept, "hex")
  const salt = bytes.subarray(0, SALT_BYTES)
  return timingSafeEqual(await derive(password, salt, HASH_BYTES), bytes.subarray(SALT_BYTES))
}
