import { beforeAll, describe, expect, test } from "@jest/globals"
import { DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { assertInternals, assertMembers, reliances } from "../../src/binding/typeorm-internals"
import { keyring } from "../support/keys"
import { memorySource, rejection } from "./memory-source"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
}

/** An object as it would be if a version of TypeORM had no such member. */
function without(object: object, name: string): object {
  return new Proxy(object, {
    get: (target, key) => (key === name ? undefined : (Reflect.get(target, key) as unknown)),
    has: (target, key) => key !== name && Reflect.has(target, key),
  })
}

const members = reliances.flatMap(({ owner, of, methods, properties }, index) =>
  Object.entries({ ...methods, ...properties }).map(([name, broken]) => ({
    owner,
    name,
    broken,
    of,
    index,
  })),
)

describe("the members of TypeORM that are relied on", () => {
  let source: DataSource
  beforeAll(async () => {
    source = await withEncryption(memorySource([Patient]), { keyring }).initialize()
  })

  test("are all there", () => {
    expect(() => {
      assertInternals(source)
    }).not.toThrow()
  })

  test.each(members)("are missed: $name of $owner", ({ owner, name, broken, of, index }) => {
    const reliance = reliances[index]
    const object = of(source)
    if (!reliance || !object) throw new Error("the model shows nothing of it")

    const assert = (): void => {
      assertMembers(reliance, without(object, name))
    }

    expect(assert).toThrow(`TypeORM's ${owner} has no`)
    expect(assert).toThrow(`${name}, without which ${broken}`)
    expect(assert).toThrow(expect.objectContaining({ code: "ERR_SEAM_BROKEN" }))
  })
})

describe("a DataSource of another TypeORM", () => {
  test("is refused where it cannot be bound at all", () => {
    const source = memorySource([Patient])
    Object.defineProperty(source, "buildMetadatas", { value: undefined })

    expect(() => withEncryption(source, { keyring })).toThrow(
      expect.objectContaining({ code: "ERR_SEAM_BROKEN" }),
    )
  })

  test.each(["preparePersistentValue", "createGeneratedMap", "escapeQueryWithParameters"])(
    "does not start without %s",
    async (name) => {
      const source = withEncryption(memorySource([Patient]), { keyring })
      Object.defineProperty(source.driver, name, { value: undefined })

      const error = await rejection(source.initialize())

      expect(error).toMatchObject({ name: "EncryptionError", code: "ERR_SEAM_BROKEN" })
      expect(error.message).toContain(name)
      expect(source.isInitialized).toBe(false)
    },
  )

  test.each(["take", "update", "orUpdate"])(
    "does not start, and says so, if a builder has no %s to look at it with",
    async (name) => {
      const source = withEncryption(memorySource([Patient]), { keyring })
      const create = source.createQueryBuilder.bind(source)
      source.createQueryBuilder = (() => {
        const builder = create()
        Object.defineProperty(builder, name, { value: undefined })
        const insert = builder.insert.bind(builder)
        builder.insert = () => Object.defineProperty(insert(), name, { value: undefined })
        return builder
      }) as typeof source.createQueryBuilder

      expect(await rejection(source.initialize())).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    },
  )
})
