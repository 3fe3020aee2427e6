import { beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, Keyring, searchFor, withEncryption } from "../../src"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"
import { rowsOf } from "./stored"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column({ type: "int", default: 0 }) visits!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) ssn?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["family"], name: "full_name" } })
  given?: string | null
  @EncryptedColumn({ nullable: true }) family?: string | null
}

const properties = ["ssn", "given", "family"] as const
type Property = (typeof properties)[number]

const others = new Keyring([keys.second])

/** Which cells of rows 2 and 3 are damaged: those of row 1 open, so that others are bad rows. */
const damages = fc.subarray(
  properties.flatMap((property) => [2, 3].map((id) => [id, property] as const)),
)

const write = fc.record({
  id: fc.constantFrom(1, 2, 3),
  by: fc.constantFrom("save", "save all", "upsert", "update"),
  changes: fc.dictionary(fc.constantFrom(...properties), fc.constantFrom("x", "y"), { maxKeys: 2 }),
})

const runs: Readonly<Record<TestDatabase["name"], number>> = {
  SQLite: 40,
  PostgreSQL: 6,
  MariaDB: 6,
}

eachDatabase("entities with properties that could not be read", (db) => {
  let placeholder: null | undefined
  let source: DataSource
  let people: Repository<Person>

  beforeAll(async () => {
    source = await db.connect({ entities: [Person], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring, onUnreadable: () => placeholder }),
    )
    people = source.getRepository(Person)
  })

  async function load(damaged: readonly (readonly [number, Property])[]): Promise<void> {
    await people.clear()
    await people.insert(
      [1, 2, 3].map((id) => ({ id, ssn: `s${id}`, given: `g${id}`, family: `f${id}` })),
    )
    for (const [id, property] of damaged) {
      const cell = others.encrypt("078")
      await db.rawRows(`UPDATE person SET ${property} = '${cell}' WHERE id = ${id}`)
    }
  }

  const writing = (found: readonly Person[], person: Person, by: string): Promise<unknown> => {
    if (by === "upsert") return people.upsert(person, ["id"])
    if (by === "update") return people.update({ id: person.id }, person)
    return by === "save" ? people.save(person) : people.save([...found])
  }

  const open = (cell: unknown): string | undefined => {
    try {
      return keyring.decryptText(String(cell))
    } catch {
      return undefined
    }
  }

  test("are written with every such cell as it was, or not at all", async () => {
    const sequences = fc.array(write, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        damages,
        sequences,
        fc.constantFrom(null, undefined),
        async (damaged, all, given) => {
          placeholder = given
          await load(damaged)
          for (const { id, by, changes } of all) {
            const before = await rowsOf(db, "person")
            const found = await people.find({ order: { id: "ASC" } })
            const person = found[id - 1] ?? new Person()
            Object.assign(person, changes, { visits: person.visits + 1 })
            const isWritten = await writing(found, person, by).then(
              () => true,
              (error: unknown) => {
                const { code } = error as { readonly code?: string }
                expect(["ERR_UNSUPPORTED_QUERY", "ERR_DECRYPTION_FAILED"]).toContain(code)
                return false
              },
            )
            const after = await rowsOf(db, "person")
            if (!isWritten) expect(after).toEqual(before)
            else {
              for (const [i, row] of after.entries()) {
                expectWritten(row, before[i] ?? {}, id, changes)
              }
            }
          }
        },
      ),
      { numRuns: runs[db.name] },
    )
  })

  function expectWritten(
    row: Readonly<Record<string, unknown>>,
    before: Readonly<Record<string, unknown>>,
    id: number,
    changes: Readonly<Record<string, string>>,
  ): void {
    const isWritten = Number(row.id) === id
    for (const property of properties) {
      const to = isWritten ? changes[property] : undefined
      const was = open(before[property])
      if (to !== undefined) expect(open(row[property])).toBe(to)
      else if (was === undefined) expect(row[property]).toBe(before[property])
      else expect(open(row[property])).toBe(was)
    }
    const [ssn, given, family] = properties.map((property) => open(row[property]))
    const index = (values: Record<string, unknown>) => searchFor(source, Person, values)[0]
    expect(row.ssn_bidx).toBe(ssn === undefined ? before.ssn_bidx : index({ ssn }))
    const isWhole = given !== undefined && family !== undefined
    expect(row.full_name).toBe(isWhole ? index({ given, family }) : before.full_name)
  }
})
