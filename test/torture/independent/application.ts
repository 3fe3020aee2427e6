/**
 * An application at full speed, in a process of its own: updates, inserts and deletes rows, some in
 * transactions, until its standard input ends. Prints what it left behind, which is the truth: a JSON
 * object of ids and values. Uses nothing that the runs are made of.
 *
 * argv: an {@link Application} in JSON.
 */
import { once } from "node:events"

import { indexValue, seal } from "./fernet"
import { openStore, type Place, type Store } from "./store"

/** What an application writes, and where. */
export interface Application {
  readonly place: Place
  /** Ids that are there already, from 1. */
  readonly ids: number
  /** Whether it writes plaintext, as the releases before do, beside tokens. */
  readonly writesPlaintext: boolean
  /** Keys to write tokens under. */
  readonly keys: readonly string[]
  /** The context of the blind index; `undefined` for none. */
  readonly context?: string
}

const { place, ids, writesPlaintext, keys, context } = JSON.parse(
  process.argv[2] ?? "",
) as Application
// SQLite has one writer at a time
const connections = place.type === "better-sqlite3" ? 1 : 4
const begin = place.type === "better-sqlite3" ? "BEGIN IMMEDIATE" : "START TRANSACTION"
const truth = new Map<number, string>()
let isOver = false
let writes = 0
let lastId = ids

/** A cell and its companion, as some release of the application writes them. */
function cellsOf(value: string): readonly (string | null)[] {
  const choice = Math.floor(Math.random() * (keys.length + (writesPlaintext ? 1 : 0)))
  const key = keys[choice]
  const cell = key === undefined ? value : seal(key, value)
  if (context === undefined) return [cell]
  return [cell, key === undefined ? null : indexValue(key, context, value)]
}

const columns = context === undefined ? ["ssn"] : ["ssn", "ssn_bidx"]
const insertion = `INSERT INTO patient (id, ${columns.join(", ")}) VALUES (?, ${columns.map(() => "?").join(", ")})`
const change = `UPDATE patient SET ${columns.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`

async function update(store: Store, id: number): Promise<readonly [number, string]> {
  const value = `value ${id}.${++writes}`
  await store.run(change, [...cellsOf(value), id])
  return [id, value]
}

async function writeOnce(store: Store, own: number[]): Promise<void> {
  const at = Math.floor(Math.random() * own.length)
  const chance = Math.random()
  if (chance < 0.1) {
    const written: (readonly [number, string])[] = []
    await store.run(begin)
    for (let i = 0; i < 3; i++) {
      written.push(await update(store, own[(at + i * 7) % own.length] ?? 0))
    }
    await store.run("COMMIT")
    for (const [id, value] of written) truth.set(id, value)
  } else if (chance < 0.2) {
    const id = ++lastId
    const value = `value ${id}.0`
    await store.run(insertion, [id, ...cellsOf(value)])
    own.push(id)
    truth.set(id, value)
  } else if (chance < 0.3) {
    const [id = 0] = own.splice(at, 1)
    await store.run("DELETE FROM patient WHERE id = ?", [id])
    truth.delete(id)
  } else {
    truth.set(...(await update(store, own[at] ?? 0)))
  }
}

async function write(own: number[]): Promise<void> {
  const store = await openStore(place)
  while (!isOver) {
    try {
      await writeOnce(store, own)
    } catch (error) {
      if (!/deadlock/i.test(String(error))) throw error
      // A deadlock undid all of it; an id that was taken out would be deleted only here
      await store.run("ROLLBACK")
    }
    // SQLite's driver never waits for anything else
    await new Promise(setImmediate)
  }
  await store.close()
}

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.resume().once("end", () => {
    isOver = true
  })
  for (let id = 1; id <= ids; id++) truth.set(id, `value ${id}`)
  const all = [...truth.keys()]
  process.stdout.write("\n")
  const shares = Array.from({ length: connections }, (_, i) =>
    all.filter((id) => id % connections === i),
  )
  await Promise.all(shares.map(write))
  process.stdout.write(JSON.stringify(Object.fromEntries(truth)))
}

void main()
