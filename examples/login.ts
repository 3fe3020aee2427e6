/** Signs up and logs in by an encrypted e-mail address, found whatever its case. */
import assert from "node:assert/strict"
import { inspect } from "node:util"
import {
  Column,
  DataSource,
  Entity,
  In,
  Not,
  PrimaryGeneratedColumn,
  QueryFailedError,
  type Repository,
} from "typeorm"
import { BlindEqual, EncryptedColumn, generateKey, searchFor, withEncryption } from "typeorm-fernet"

import { hashPassword, isPassword } from "./login/password"

@Entity()
class Account {
  @PrimaryGeneratedColumn()
  id!: number

  // #region blind-index
  @EncryptedColumn({ blindIndex: { unique: true, normalize: ["trim", "lowercase"] } })
  email!: string
  // #endregion

  // #region compound
  @EncryptedColumn({ blindIndex: { with: ["lastName"], normalize: "lowercase" } })
  firstName!: string

  @EncryptedColumn()
  lastName!: string
  // #endregion

  @Column({ type: "text" })
  passwordHash!: string
}

type Accounts = Repository<Account>
type NewAccount = Omit<Account, "id">

// #region unique
async function signUp(accounts: Accounts, account: NewAccount): Promise<"created" | "taken"> {
  try {
    await accounts.insert({ ...account })
    return "created"
  } catch (error) {
    if (!(error instanceof QueryFailedError)) throw error
    const { code } = error.driverError as { readonly code?: string }
    if (code === "23505") return "taken" // as PostgreSQL has it; no error holds the address
    throw error
  }
}
// #endregion

async function logIn(accounts: Accounts, email: string, password: string): Promise<Account> {
  const account = await accounts.findOneBy({ email })
  if (account && (await isPassword(password, account.passwordHash))) return account
  throw new Error("Unknown address or wrong password.")
}

async function search(dataSource: DataSource): Promise<void> {
  const accounts = dataSource.getRepository(Account)

  // #region blind-index
  await accounts.findOneBy({ email: " ALICE@example.com" }) // Account { email: 'Alice@example.com', … }
  await accounts.update({ email: "alice@example.com" }, { email: "alice@example.org" })
  const alice = await accounts.findOneByOrFail({ email: BlindEqual("alice@example.org") })
  const others = await accounts.findBy({ email: Not(In(["alice@example.org", "eve@example.org"])) })
  // #endregion
  assert.deepEqual([alice.email, others.length], ["alice@example.org", 1])

  // #region search-for
  const found = await accounts
    .createQueryBuilder("account")
    .where("account.email_bidx IN (:...emails)", {
      emails: searchFor(dataSource, Account, "email", "alice@example.org"),
    })
    .getOne()
  // #endregion
  assert.equal(found?.id, alice.id)

  // #region compound
  const liddells = await accounts.findBy({ firstName: "alice", lastName: "liddell" })
  // #endregion
  assert.deepEqual(liddells, [alice])
}

/** Opens the database with `ENCRYPTION_KEY` and, for the indexes, `BLIND_INDEX_KEY`. */
async function open(): Promise<DataSource> {
  return withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Account],
      synchronize: true,
    }),
  ).initialize()
}

async function main(): Promise<void> {
  process.env.BLIND_INDEX_KEY ??= generateKey()
  const before = await open()
  const accounts = before.getRepository(Account)
  const passwordHash = await hashPassword("correct horse")
  const alice = {
    email: "Alice@example.com",
    firstName: "Alice",
    lastName: "Liddell",
    passwordHash,
  }
  const bob = { email: "bob@example.com", firstName: "Bob", lastName: "Liddell", passwordHash }
  assert.equal(await signUp(accounts, alice), "created")
  assert.equal(await signUp(accounts, bob), "created")
  assert.equal(await signUp(accounts, { ...bob, email: "alice@EXAMPLE.com " }), "taken")
  const violation: unknown = await accounts.insert({ ...alice }).catch((error: unknown) => error)
  assert.match(inspect(violation), /Key \(email_bidx\)=\(\w{32}\) already exists/)
  assert.doesNotMatch(inspect(violation), /alice|liddell/i)

  const session = await logIn(accounts, "alice@example.com", "correct horse")
  assert.equal(session.email, "Alice@example.com")
  await assert.rejects(logIn(accounts, "alice@example.com", "battery staple"))
  await search(before)
  await before.destroy()

  // A new key for the data; the indexes keep theirs
  process.env.ENCRYPTION_KEY = [generateKey(), process.env.ENCRYPTION_KEY].join()
  const after = await open()
  const rotated = after.getRepository(Account)
  assert.equal((await logIn(rotated, "BOB@example.com", "correct horse")).firstName, "Bob")
  assert.equal(await signUp(rotated, { ...bob }), "taken")
  await after.destroy()
}

void main()
