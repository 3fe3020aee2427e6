import { randomBytes } from "node:crypto"

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  Brackets,
  Column,
  type DataSource,
  Entity,
  In,
  Not,
  PrimaryColumn,
  type Repository,
} from "typeorm"
import { EncryptionTransformer, JSONEncryptionTransformer } from "typeorm-encrypted"

import {
  EncryptedColumn,
  encryptColumns,
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

/** As a release has it that still writes what the one before reads. */
@Entity("patient")
class Keeping {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    legacy: { ...readQuotedTokens(), encode: (text) => `'${String(text)}'` },
    blindIndex: true,
  })
  phone?: string | null
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
  const connect = () =>
    db.connect({ entities: [Patient] }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
  const history = { allergies: ["nuts"] }

  beforeAll(async () => {
    const old = await db.connect({ entities: [OldPatient], synchronize: true })
    await old.getRepository(OldPatient).insert({ id: 1, ssn: "078-05-1120", history })
    source = await connect()
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

  describe("is searched", () => {
    let fresh: DataSource
    const found = async (): Promise<number[][]> => {
      const patients = fresh.getRepository(Patient)
      const builder = () => patients.createQueryBuilder("p")
      const answers = [
        await patients.findBy({ phone: "555" }),
        (await patients.findAndCount({ where: { phone: "555" } }))[0],
        await builder().where({ phone: "555" }).getMany(),
        await builder().where("p.phone = :phone", { phone: "555" }).getMany(),
        await builder()
          .where(new Brackets((nested) => nested.where({ phone: "555" })))
          .getMany(),
        await fresh.transaction((manager) => manager.findBy(Patient, { phone: In(["555"]) })),
      ]
      return answers.map((some) => some.map(({ id }) => id))
    }
    const asking: readonly (readonly [string, (patients: Repository<Patient>) => unknown])[] = [
      ["find", (patients) => patients.findBy({ phone: "555" })],
      ["a negation", (patients) => patients.findBy({ phone: Not("555") })],
      ["count", (patients) => patients.countBy({ phone: "555" })],
      ["criteria", (patients) => patients.delete({ phone: "555" })],
      ["raw results", (patients) => named(patients).where({ phone: "555" }).getRawMany()],
      ["a string", (patients) => named(patients).where("p.phone = '555'").getMany()],
      ["a parameter", (patients) => named(patients).where("p.phone = :p", { p: "555" }).getMany()],
      [
        "a sub-query",
        (patients) =>
          named(patients)
            .where((outer) => {
              const inner = outer.subQuery().select("q.id").from(Patient, "q")
              return `p.id IN ${inner.where({ phone: "555" }).getQuery()}`
            })
            .getMany(),
      ],
    ]
    const named = (patients: Repository<Patient>) => patients.createQueryBuilder("p")

    beforeEach(async () => {
      const [phone, token] = [keyring.encrypt("555"), keyring.encrypt("{}")]
      await db.rawRows(
        `INSERT INTO patient (id, ssn, history, phone) VALUES (2, 'x', '${token}', ${quote(`b'${phone}'`)})`,
      )
      // Nobody has looked at the table yet
      fresh = await connect()
    })

    test.each(asking)("by nothing while rows have no index value: %s", async (_by, ask) => {
      const error: unknown = await Promise.resolve()
        .then(() => ask(fresh.getRepository(Patient)))
        .catch((reason: unknown) => reason)

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Patient.phone" })
    })

    test("by its index from then on that every row has a value", async () => {
      await expect(found()).rejects.toThrow(/Run column:encrypt.*take `legacy` out/)

      await encryptColumns(fresh, { entity: Patient, properties: ["phone"] })

      expect(await found()).toEqual(Array(6).fill([2]))
      expect(await fresh.manager.countBy(Patient, { phone: Not("555") })).toBe(0)
      expect((await rowsOf(db, "patient"))[1]?.phone).toMatch(/^gAAAAA/)
    })

    test("by nothing where releases beside this one clear index values", async () => {
      const keeping = await db.connect({ entities: [Keeping] }, (unbound) =>
        withEncryption(unbound, { keyring, plaintext: "index" }),
      )
      await source.manager.delete(Patient, { id: 2 })

      await expect(keeping.manager.findBy(Keeping, { phone: "555" })).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
      })
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
