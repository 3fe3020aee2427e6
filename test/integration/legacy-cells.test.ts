import { randomBytes } from "node:crypto"

import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptionTransformer, JSONEncryptionTransformer } from "typeorm-encrypted"

import {
  EncryptedColumn,
  readPrefixedTokens,
  readQuotedTokens,
  readTypeormEncrypted,
  withEncryption,
} from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { open, rowsOf } from "./stored"

const cbc = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-cbc", ivLength: 16 }
const gcm = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-gcm", ivLength: 12 }

/** As the application had it that used typeorm-encrypted. */
@Entity("patient")
class OldPatient {
  @PrimaryColumn() id!: number
  @Column({ type: "text", transformer: new EncryptionTransformer(cbc) }) ssn!: string
  @Column({ type: "text", transformer: jsonAsText() }) history!: object
  @Column({ type: "text", nullable: true }) phone?: string | null
  @Column({ type: "varchar", length: 64, nullable: true }) phone_bidx?: string | null
}

/** TypeORM's type for JSON has no name that all databases share. */
function jsonAsText(): { to(value: object): string; from(cell: string): object } {
  const json = new JSONEncryptionTransformer(gcm)
  return {
    to: (value) => JSON.stringify(json.to(value)),
    from: (cell) => json.from(JSON.parse(cell) as never) as object,
  }
}

@Entity("patient")
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    legacy: [readTypeormEncrypted(cbc), readPrefixedTokens("enc:"), readQuotedTokens()],
  })
  ssn!: string
  @EncryptedColumn({ codec: "json", legacy: readTypeormEncrypted({ ...gcm, json: true }) })
  history!: object
  @EncryptedColumn({ nullable: true, legacy: readQuotedTokens(), blindIndex: true })
  phone?: string | null
}

eachDatabase("a table that others encrypted", (db) => {
  let source: DataSource
  const history = { allergies: ["nuts"] }

  beforeAll(async () => {
    const old = await db.connect({ entities: [OldPatient], synchronize: true })
    await old.getRepository(OldPatient).insert({ id: 1, ssn: "078-05-1120", history })
    source = await db.connect({ entities: [Patient] }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
  })

  beforeEach(async () => {
    await source.getRepository(Patient).delete({ id: 2 })
  })

  test("is read as the values that they wrote", async () => {
    expect(await source.manager.findOneByOrFail(Patient, { id: 1 })).toMatchObject({
      ssn: "078-05-1120",
      history,
    })
  })

  test("is not written when nothing changed, and in tokens when something did", async () => {
    const [before] = await rowsOf(db, "patient")
    const patient = await source.manager.findOneByOrFail(Patient, { id: 1 })

    await source.manager.save(patient)
    expect(await rowsOf(db, "patient")).toEqual([before])

    await source.manager.save(Object.assign(patient, { history: { allergies: [] } }))
    const [after] = await rowsOf(db, "patient")
    expect(after?.ssn).toBe(before?.ssn)
    expect(open(after?.history)).toBe('{"allergies":[]}')
  })

  test.each([
    ["a prefix before the token", (token: string) => `enc:${token}`],
    ["quotes of Python around it", (token: string) => `b'${token}'`],
  ])("is read with %s", async (_, wrap) => {
    const cells = [wrap(keyring.encrypt("219-09-9999")), keyring.encrypt("{}")]
    const [ssn, json] = cells as [string, string]
    await db.rawRows(`INSERT INTO patient (id, ssn, history) VALUES (2, ${quote(ssn)}, '${json}')`)

    const patient = await source.manager.findOneByOrFail(Patient, { id: 2 })

    expect(patient).toMatchObject({ ssn: "219-09-9999", history: {} })
  })

  test("is asked for no value, since what others encrypted equals none", async () => {
    const searching = source.manager.findBy(Patient, { phone: "555" })

    await expect(searching).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      message: expect.stringContaining("take `legacy` out") as unknown,
    })
  })

  test("is refused where its form is not read, without the cell", async () => {
    const strict = await db.connect({ entities: [Patient] }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    const [row] = await rowsOf(db, "patient")

    const error: unknown = await strict.manager.find(Patient).catch((reason: unknown) => reason)

    expect(error).toMatchObject({ code: "ERR_DECRYPTION_FAILED", reason: "legacy" })
    expect((error as Error).message).not.toContain(row?.ssn)
  })
})

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
