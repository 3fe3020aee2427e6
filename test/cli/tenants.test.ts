import { afterEach, beforeEach, expect, test } from "@jest/globals"

import { keys } from "../support/keys"
import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { runCli } from "./run-cli"

const source = ["-d", "test/cli/clinic/tenants-data-source.js"]

let clinic: Clinic
beforeEach(() => {
  clinic = freshClinic(4)
})
afterEach(() => {
  clinic.close()
})

const run = (...args: readonly string[]) =>
  runCli([...args], { ...clinic.environment, KEY_OF_SOUTH: keys.second })
const tokens = (): unknown[] => clinic.pluck("SELECT id FROM patient WHERE ssn LIKE 'gAAAAA%'")

test("commands take the keys of the tenant they are for, on its rows", async () => {
  const north = ["--tenant", "north", "--where", "t.id < 3"]
  const encrypted = await run("column:encrypt", ...source, ...north)
  const encryptedToo = tokens()
  await run("column:encrypt", ...source, "--tenant", "south", "--where", "t.id > 2")
  const own = await run("column:verify", ...source, ...north)
  const others = await run("column:verify", ...source, "--tenant", "south", "--where", "t.id < 3")

  expect([encrypted.code, encryptedToo, tokens()]).toEqual([0, [1, 2], [1, 2, 3, 4]])
  expect([own.code, others.code]).toEqual([0, 1])
})

test("commands change no whole table with the keys of one tenant", async () => {
  const { code, stderr } = await run("column:encrypt", ...source, "--tenant", "north")

  expect([code, tokens()]).toEqual([1, []])
  expect(stderr).toContain("with the keys of one tenant")
})

test("commands are called wrongly without a tenant where each has its own keys, or with one elsewhere", async () => {
  const bound = ["-d", "test/cli/clinic/data-source.js", "--tenant", "north"]
  const outcomes = [await run("column:status", ...source), await run("column:status", ...bound)]

  expect(outcomes.map(({ code }) => code)).toEqual([2, 2])
  expect(outcomes.map(({ stderr }) => stderr.includes("--tenant"))).toEqual([true, true])
})

test("column:status counts the cells of several tenants, other commands work for one at a time", async () => {
  const [north, south] = [
    ["--tenant", "north", "--where", "t.id < 3"],
    ["--tenant", "south", "--where", "t.id = 3"],
  ]
  await run("column:encrypt", ...source, ...north)
  await run("column:encrypt", ...source, ...south)
  const both = ["--tenant", "south", "north"]

  const status = await run("column:status", ...source, ...both, "--json")
  const one = await run("column:status", ...source, "--tenant", "south", "--json")
  const verify = await run("column:verify", ...source, ...both)

  const cellsOf = (stdout: string): unknown =>
    (JSON.parse(stdout) as { tables: { columns: Record<string, { after: unknown }> }[] }).tables[0]
      ?.columns["Patient.ssn"]?.after
  expect(cellsOf(status.stdout)).toMatchObject({ current: 3, plaintext: 1, unreadable: 0 })
  expect(cellsOf(one.stdout)).toMatchObject({ current: 1, plaintext: 1, unreadable: 2 })
  expect((JSON.parse(status.stdout) as { keys: unknown[] }).keys).toHaveLength(2)
  expect([verify.code, verify.stderr.includes("one --tenant at a time")]).toEqual([2, true])
})
