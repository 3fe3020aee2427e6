import { inspect } from "node:util"

import { beforeAll, describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { redactError, soughtIn } from "../../../src/binding/columns/sought-plaintext"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { reachableText } from "../reachable-text"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

const sought = "sought@example.com"

/** What is told of a statement that was sent with parameters and failed. */
function redacted(error: unknown, parameters: unknown): unknown {
  const hidden = soughtIn(parameters)
  if (hidden) redactError(error, hidden, "SELECT ?")
  return error
}

describe("what is sought among rows in plaintext", () => {
  let source: DataSource

  beforeAll(async () => {
    const options = { keyring, plaintext: "allow" } as const
    source = await withEncryption(memorySource([Person]), options).initialize()
    await source.query(`INSERT INTO person (id, email) VALUES (1, 'a')`)
  })

  const failing = (email: string, other: string): Promise<unknown> =>
    source
      .createQueryBuilder(Person, "p")
      .where({ email })
      // Fails as it is run
      .andWhere("abs(:other) + abs(-9223372036854775808) > 0", { other })
      .getMany()

  test("is not in the error of a statement that fails", async () => {
    const error = await rejection(failing(sought, "kept"))

    const shown = [inspect(error, { showHidden: true, depth: 9 }), reachableText(error)].join("\n")
    expect(shown).toContain("integer overflow")
    expect(shown).not.toContain("sought@")
    expect(error).toMatchObject({
      parameters: expect.arrayContaining(["(encrypted)", "kept"]) as unknown,
    })
  })

  test("is a list as well, of which each is taken out", () => {
    const [, parameters] = source.driver.escapeQueryWithParameters(
      "SELECT :...blind_index_plaintext_1, :blind_index_plaintext_2, :other",
      { blind_index_plaintext_1: ["a", "b"], blind_index_plaintext_2: "c", other: "d" },
    )
    const error = { parameters: ["a", "b", "c", "d", "e"] }

    expect(redacted(error, parameters)).toBe(error)
    expect(error.parameters).toEqual(["(encrypted)", "(encrypted)", "(encrypted)", "d", "e"])
  })

  test("is not in the statement either, with the parameters in it, as a driver has it", () => {
    const [, parameters] = source.driver.escapeQueryWithParameters(
      "SELECT :blind_index_plaintext_1",
      { blind_index_plaintext_1: "a" },
    )
    const error = {
      ...{ query: "SELECT ?", sql: "SELECT 'a'" },
      driverError: { sql: "SELECT 'a'", code: "E" },
    }

    redacted(error, parameters)

    expect(error).toEqual({
      ...{ query: "SELECT ?", sql: "SELECT ?" },
      driverError: { sql: "SELECT ?", code: "E" },
    })
    const none = { query: "SELECT ?" }
    expect(redacted(none, parameters)).toEqual({ query: "SELECT ?" })
  })
})

describe("the error of a statement that seeks no plaintext", () => {
  test("stays as it is", async () => {
    const source = await withEncryption(memorySource([Person]), { keyring }).initialize()
    const [, parameters] = source.driver.escapeQueryWithParameters("SELECT :blind_index_1", {
      blind_index_1: "a",
    })

    for (const given of [parameters, ["a"], undefined, "a", null]) {
      const error = { query: "SELECT ?", sql: "SELECT 'a'", parameters: ["a"] }
      expect(redacted(error, given)).toBe(error)
      expect(error).toEqual({ query: "SELECT ?", sql: "SELECT 'a'", parameters: ["a"] })
    }
  })

  test("may be anything", async () => {
    const options = { keyring, plaintext: "allow" } as const
    const source = await withEncryption(memorySource([Person]), options).initialize()
    const [, parameters] = source.driver.escapeQueryWithParameters(
      "SELECT :blind_index_plaintext_1",
      { blind_index_plaintext_1: "a" },
    )

    for (const error of ["it failed", null, undefined, 7]) {
      expect(redacted(error, parameters)).toBe(error)
    }
  })
})
