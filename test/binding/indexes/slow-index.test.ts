import { expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, indexColumns } from "../../../src"
import { slowDigest } from "../../search/slow-digest"
import { keyring, keys } from "../../support/keys"
import { boundSource } from "../memory-source"

@Entity()
class Person {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: { slow: 10, normalize: "digits" } }) ssn!: string
}

test("a slow index is searched, and filled in bulk, as any other", async () => {
  const source = await boundSource([Person], { keyring, plaintext: "allow" })
  const people = source.getRepository(Person)
  await people.insert({ id: 1, ssn: "078-05-1120" })
  await source.query("INSERT INTO person (id, ssn) VALUES (2, '078 05 1121')")

  await indexColumns(source, Person, { force: true })

  const rows: { ssn_bidx: string }[] = await source.query("SELECT ssn_bidx FROM person ORDER BY id")
  expect(rows.map(({ ssn_bidx: digest }) => digest)).toEqual(
    ["078051120", "078051121"].map((ssn) =>
      slowDigest(keys.first, "person/ssn/ssn_bidx", Buffer.from(ssn), 10).slice(0, 32),
    ),
  )
  expect(await people.findBy({ ssn: "078051120" })).toEqual([{ id: 1, ssn: "078-05-1120" }])
  expect(await people.countBy({ ssn: "078051121" })).toBe(1)
  await source.destroy()
})
