import { hkdfSync, createHmac, scryptSync } from "node:crypto"

import { describe, expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, indexColumns, Keyring } from "../../src"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { blindIndexMisuse } from "../../src/search/blind-index-misuse"
import { boundSource } from "../binding/memory-source"
import { keyring, keys } from "../support/keys"
import { slowIndexVectors, VECTOR_KEYS } from "./vectors"

const definition = { context: "users/email/email_index", normalize: [], bits: 256, slow: 10 }
const ring = new Keyring([VECTOR_KEYS.first])

/** From the published formula. */
function reference(key: string, context: string, message: Buffer, slow: number): string {
  const info = `typeorm-fernet/blind-index/v1/${context}`
  const secret = Buffer.from(hkdfSync("sha256", Buffer.from(key, "base64url"), "", info, 32))
  const mac = (of: Buffer | string): Buffer => createHmac("sha256", secret).update(of).digest()
  const salt = mac("typeorm-fernet/blind-index/scrypt")
  const maxmem = 1 << 28
  return mac(scryptSync(message, salt, 32, { N: 2 ** slow, r: 8, p: 1, maxmem })).toString("hex")
}

describe("a slow index", () => {
  test.each(slowIndexVectors)("has the published digest at cost $slow", ({ slow, digest }) => {
    const indexer = new BlindIndexer({ ...definition, bits: 128, slow }, ring)

    expect(indexer.stored(["alice@example.com"])).toBe(digest)
  })

  test("is the HMAC of the scrypt of its message, under each key", () => {
    const indexer = new BlindIndexer(definition, new Keyring([keys.second, keys.first]))
    const message = Buffer.from([0, 0, 0, 2, ...Buffer.from("ab"), 0, 0, 0, 1, ...Buffer.from("c")])

    expect(indexer.searched(["ab", "c"])).toEqual(
      [keys.second, keys.first].map((key) => reference(key, definition.context, message, 10)),
    )
    expect(indexer.stored(["ab", "c"])).toBe(indexer.searched(["ab", "c"])[0])
  })

  test("compares what it found by a digest that is not slow", () => {
    const fast = { ...definition, slow: undefined }
    const [slowly, quickly] = [definition, fast].map((one) => new BlindIndexer(one as never, ring))

    expect(slowly?.exact(["a"])).toBe(quickly?.exact(["a"]))
    expect(slowly?.stored(["a"])).not.toBe(quickly?.stored(["a"]))
  })

  test.each([true, false, 10, 20])("may cost %p", (slow) => {
    expect([...blindIndexMisuse({ context: "a", slow })]).toEqual([])
  })

  test.each([9, 21, 15.5, "15", null])("may not cost %p", (slow) => {
    expect([...blindIndexMisuse({ context: "a", slow })].join()).toContain("from 10 to 20")
  })
})

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
      reference(keys.first, "person/ssn/ssn_bidx", Buffer.from(ssn), 10).slice(0, 32),
    ),
  )
  expect(await people.findBy({ ssn: "078051120" })).toEqual([{ id: 1, ssn: "078-05-1120" }])
  expect(await people.countBy({ ssn: "078051121" })).toBe(1)
  await source.destroy()
})
