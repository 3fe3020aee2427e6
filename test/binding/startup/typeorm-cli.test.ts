import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { KeyError, withEncryption } from "../../../src"
import { isTypeormCli } from "../../../src/binding/startup/typeorm-cli"
import { memorySource, rejection } from "../memory-source"

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "app-"))
  const modules = join(directory, "node_modules")
  for (const folder of ["typeorm", ".bin", "other"]) {
    mkdirSync(join(modules, folder), { recursive: true })
  }
  for (const file of ["typeorm/cli.js", "typeorm/cli-ts-node-esm.js", "other/cli.js", "main.js"]) {
    writeFileSync(join(modules, file), "")
  }
  symlinkSync("../typeorm/cli.js", join(modules, ".bin", "typeorm"))
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

describe("TypeORM's command line", () => {
  test.each<[isOne: boolean, script: string]>([
    [true, "typeorm/cli.js"],
    [true, "typeorm/cli-ts-node-esm.js"],
    [true, ".bin/typeorm"],
    [false, "other/cli.js"],
    [false, "main.js"],
    [false, "absent/cli.js"],
  ])("is told by its script: %s for %s", (isOne, script) => {
    expect(isTypeormCli(join(directory, "node_modules", script))).toBe(isOne)
  })

  test("is not a process without a script", () => {
    expect(isTypeormCli(undefined)).toBe(false)
  })
})

test('lazyKeys: "cli" keeps an application from starting without keys', async () => {
  const source = withEncryption(memorySource([]), { keyring: () => "", lazyKeys: "cli" })

  expect(await rejection(source.initialize())).toBeInstanceOf(KeyError)
})
