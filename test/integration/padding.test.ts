import { spawnSync } from "node:child_process"

import { beforeEach, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import {
  decryptColumns,
  encryptColumns,
  EncryptedColumn,
  Fernet,
  Keyring,
  rotateColumns,
  withEncryption,
} from "../../src"
import { verifyColumns } from "../../src/bulk/bulk"
import { eachDatabase } from "../support/databases"
import { keys } from "../support/keys"

@Entity()
class Login {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "varchar", length: 20 }) site!: string
  @EncryptedColumn({ padTo: 64, nullable: true, plaintext: "allow", blindIndex: true })
  password!: string | null
}

const old = new Fernet(keys.second)
const passwords = ["a", "À", "x".repeat(64), "", null]

eachDatabase("a padded column", (db) => {
  let source: DataSource
  let logins: Repository<Login>

  beforeEach(async () => {
    await db.dropAllTables()
    source = await db.connect({ entities: [Login], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring: new Keyring([keys.first, keys.second]) }),
    )
    logins = source.getRepository(Login)
  })

  const put = async (cells: readonly (string | null)[]) => {
    await logins.save(cells.map((_, id) => ({ id, site: "mail", password: null })))
    const [table, column] = ["login", "password"].map((name) => db.escape(name))
    for (const [id, cell] of cells.entries()) {
      const value = cell === null ? "NULL" : `'${cell}'`
      await db.rawRows(`UPDATE ${table ?? ""} SET ${column ?? ""} = ${value} WHERE id = ${id}`)
    }
  }
  const stored = async () => {
    const rows = await db.rawRows(`SELECT * FROM ${db.escape("login")} ORDER BY id`)
    return rows.map(({ password }) => password as string | null)
  }
  const lengths = async () =>
    (await stored()).map((cell) => cell && new Keyring([keys.first]).decrypt(cell).length)
  const read = async () =>
    (await logins.find({ order: { id: "ASC" } })).map(({ password }) => password)

  test("is padded as its table is encrypted, found by its values, and decrypted without", async () => {
    await put(passwords)
    await encryptColumns(source, Login)

    expect(await lengths()).toEqual([64, 64, 128, 64, null])
    expect(await read()).toEqual(passwords)
    expect(await logins.countBy({ password: "À" })).toBe(1)
    expect(await verifyColumns(source, Login)).toMatchObject({ failed: 0 })
    await decryptColumns(source, Login)
    expect(await stored()).toEqual(passwords)
  })

  test("keeps its padding when its tokens are rotated, and has it from then on", async () => {
    await put(passwords)
    await encryptColumns(source, Login)
    const padded = (await stored()).map((cell) => cell && new Keyring([keys.first]).decrypt(cell))
    const made = old.encryptAtTime("short", 5)
    await logins.clear()
    await put([made, old.encrypt(padded[1] ?? ""), null])
    await rotateColumns(source, Login)

    expect(await lengths()).toEqual([64, 64, null])
    expect(await read()).toEqual(["short", "À", null])
    expect(new Keyring([keys.first]).extractTimestamp((await stored())[0] ?? "")).toBe(5)
    expect(await logins.countBy({ password: "short" })).toBe(1)
  })

  test("is padded by its name in the database as well", async () => {
    await put(["a", "b"])
    const target = { table: "login", columns: { password: { padTo: 32 } } }
    await encryptColumns(source, target)

    expect(await lengths()).toEqual([32, 32])
    expect(await read()).toEqual(["a", "b"])
    await decryptColumns(source, target)
    expect(await stored()).toEqual(["a", "b"])
  })
})

const python = spawnSync("python3", ["-c", "import cryptography"])
const testWithPython = python.status === 0 ? test : test.skip

testWithPython("Python reads padded tokens by one line more", () => {
  const ring = new Keyring([keys.first])
  const tokens = ["À", "", "a\0"].map((text) => {
    const end = Buffer.of(0x80)
    return ring.encrypt(Buffer.concat([Buffer.from(text), end, Buffer.alloc(5)]))
  })
  const { stdout, stderr } = spawnSync("python3", ["examples/padded_tokens.py"], {
    env: { ...process.env, ENCRYPTION_KEY: keys.first },
    input: `${[...tokens, ring.encrypt("unpadded À")].join("\n")}\n`,
    encoding: "utf8",
  })

  expect(stderr).toBe("")
  expect(stdout).toBe("À\n\na\0\nunpadded À\n")
})
