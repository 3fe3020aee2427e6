import { expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { skipStartupCheck } from "../../../src/binding/startup/startup-check"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"

@Entity()
class Note {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn() text!: string
}

test("a startup check that throws keeps initialize() from resolving, and is asked again", async () => {
  const failure = new Error("not these keys")
  const asked: boolean[] = []
  const source = withEncryption(memorySource([Note]), {
    keyring,
    startupCheck: (starting) => {
      asked.push(starting.isInitialized)
      if (asked.length === 1) throw failure
    },
  })

  expect(await rejection(source.initialize())).toBe(failure)
  expect(source.isInitialized).toBe(false)
  expect(await source.initialize()).toBe(source)
  expect(source.isInitialized).toBe(true)
  expect(asked).toEqual([true, true])
  await source.destroy()
})

test("a startup check is left out for what is to mend what it would find", async () => {
  const source = withEncryption(memorySource([Note]), {
    keyring,
    startupCheck: () => {
      throw new Error("was asked")
    },
  })

  skipStartupCheck(source)
  await source.initialize()

  expect(source.isInitialized).toBe(true)
  await source.destroy()
})

test("a startup check that is no function is refused", () => {
  const options = { keyring, startupCheck: true as never }

  expect(() => withEncryption(memorySource([Note]), options)).toThrow(/startupCheck/)
})
