import { hash, verify } from "@node-rs/argon2"

/** Hashes a password with argon2id. */
export function hashPassword(password: string): Promise<string> {
  return hash(password)
}

/** What an unknown account is compared with, so that it takes as long as a known one. */
const nobody = hashPassword("nobody has this password")

/** Says whether a password is the one of a hash; without a hash it takes as long, and is not. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  const matches = await verify(stored || (await nobody), password)
  return Boolean(stored) && matches
}
