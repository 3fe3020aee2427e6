/**
 * An application at full speed, in a process of its own: updates, inserts and deletes rows of
 * `patient` as plaintext and as tokens, some in transactions, until its standard input ends. Prints
 * what it left behind, which is the truth: a JSON object of ids and values.
 *
 * argv: type and URL of the database, ids that are there, keys to write tokens under.
 */
import { once } from "node:events"

import { createConnection } from "mysql2/promise"
import { Client } from "pg"

import { Keyring } from "../../../src"

type Execute = (sql: string, values?: readonly unknown[]) => Promise<unknown>

const [type = "", url = "", ids, ...keys] = process.argv.slice(2)
const keyrings = keys.map((key) => new Keyring([key]))
const connections = 4
let told = false
const truth = new Map<number, string>()
let counter = 0
let nextId = Number(ids)

async function open(): Promise<{ execute: Execute; close: () => Promise<void> }> {
  if (type === "postgres") {
    const client = new Client({ connectionString: url })
    await client.connect()
    return {
      execute: (sql, values = []) => client.query(sql, [...values]),
      close: () => client.end(),
    }
  }
  const connection = await createConnection({ uri: url })
  return {
    execute: (sql, values = []) => connection.query(sql.replaceAll(/\$\d/g, "?"), [...values]),
    close: () => connection.end(),
  }
}

/** Plaintext, or a token under one of the keys. */
function cellOf(value: string): string {
  const keyring = keyrings[Math.floor(Math.random() * (keyrings.length + 1))]
  return keyring ? keyring.encrypt(value) : value
}

function pick(own: readonly number[]): number {
  return own[Math.floor(Math.random() * own.length)] ?? 0
}

async function update(execute: Execute, id: number): Promise<[number, string]> {
  const value = `value ${id}.${++counter}`
  await execute("UPDATE patient SET ssn = $1 WHERE id = $2", [cellOf(value), id])
  return [id, value]
}

/** Several rows in any order, which meets the locks of a batch: one of the two is the victim. */
async function transact(execute: Execute, own: readonly number[]): Promise<void> {
  const written: [number, string][] = []
  try {
    await execute("START TRANSACTION")
    for (let i = 0; i < 3; i++) written.push(await update(execute, pick(own)))
    await execute("COMMIT")
  } catch (error) {
    await execute("ROLLBACK")
    if (!/deadlock/i.test(String(error))) throw error
    return
  }
  for (const [id, value] of written) truth.set(id, value)
}

async function write(own: number[]): Promise<void> {
  const { execute, close } = await open()
  while (!told) {
    const chance = Math.random()
    if (chance < 0.1) {
      await transact(execute, own)
    } else if (chance < 0.2) {
      const id = ++nextId
      const value = `value ${id}.0`
      await execute("INSERT INTO patient (id, ssn) VALUES ($1, $2)", [id, cellOf(value)])
      own.push(id)
      truth.set(id, value)
    } else if (chance < 0.3) {
      const [id = 0] = own.splice(Math.floor(Math.random() * own.length), 1)
      await execute("DELETE FROM patient WHERE id = $1", [id])
      truth.delete(id)
    } else {
      truth.set(...(await update(execute, pick(own))))
    }
  }
  await close()
}

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.resume().once("end", () => {
    told = true
  })
  for (let id = 1; id <= nextId; id++) truth.set(id, `value ${id}`)
  const all = [...truth.keys()]
  process.stdout.write("\n")
  const shares = Array.from({ length: connections }, (_, i) =>
    all.filter((id) => id % connections === i),
  )
  await Promise.all(shares.map(write))
  process.stdout.write(JSON.stringify(Object.fromEntries(truth)))
}

void main()
