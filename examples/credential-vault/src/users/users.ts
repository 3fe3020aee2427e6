import { randomBytes } from "node:crypto"

import type { DataSource } from "typeorm"

import { hashPassword } from "../auth/passwords.js"
import { firstAdmin } from "../database/seed.js"
import { type Role, User } from "../entities/user.js"

/** Gives an account a new password, and makes it first if there is none. Returns the password. */
export async function givePassword(
  dataSource: DataSource,
  email: string,
  role: Role,
): Promise<string> {
  const password = randomBytes(12).toString("base64url")
  const passwordHash = await hashPassword(password)
  const users = dataSource.getRepository(User)
  const known = await users.findOneBy({ email })
  await users.save({ ...known, email, role, passwordHash })
  return password
}

/**
 * Makes sure that somebody can sign in.
 *
 * @param given - the password of the first admin, where it is not to be made up
 * @returns the password that was made, if nobody could
 */
export async function ensureAdmin(
  dataSource: DataSource,
  given: string | undefined,
): Promise<string | undefined> {
  const users = dataSource.getRepository(User)
  const admins = await users.find({
    select: { id: true, passwordHash: true },
    where: { role: "admin" },
  })
  if (admins.some(({ passwordHash }) => passwordHash !== "")) return undefined
  const made = await givePassword(dataSource, firstAdmin, "admin")
  if (given === undefined) return made
  await users.update({ email: firstAdmin }, { passwordHash: await hashPassword(given) })
  return undefined
}
