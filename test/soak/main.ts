/**
 * Millions of mixed operations in one process, until the engine has compiled every path as hot as it
 * can: an error of a compiler shows after tens of thousands of calls, and in no unit test.
 *
 *     npm run test:soak -- --values 400000 --seed 7
 */
import assert from "node:assert/strict"
import { parseArgs } from "node:util"

import { Column, DataSource, Entity, In, PrimaryColumn } from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { keys } from "../support/keys"

const BATCH = 2_000
const ROWS = 200

@Entity()
class Patient {
  @PrimaryColumn({ type: "integer" })
  id!: number

  @Column({ type: "text" })
  name!: string

  @EncryptedColumn({ blindIndex: { bits: 32 } })
  ssn!: string

  @EncryptedColumn({ codec: "number", nullable: true })
  weight!: number | null

  @EncryptedColumn({ codec: "json" })
  history!: unknown
}

const before = new Keyring([keys.first])
const after = new Keyring([keys.second, keys.first])

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function textsOf(random: () => number): readonly string[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const unit = random() < 0.1 ? "漢🔒é" : "x"
    // Most values are short, some need blocks that are not kept
    const length = random() < 0.001 ? 20_000 : Math.floor(random() * 80)
    return String(i).padStart(8, "0") + unit.repeat(length)
  })
}

/** Returns how many values it encrypted, rotated or decrypted. */
function roundOfTokens(random: () => number): number {
  const texts = textsOf(random)
  const single = texts.map((text) => before.encrypt(text))
  const many = before.encryptMany(texts)
  const rotated = after.rotateMany(many)
  const moved = rotated.map((one) => one?.token ?? assert.fail("a token was not rotated"))
  // What is too large to be read with others is left to be read alone
  const opened = before.decryptMany(single).map((text, i) => text ?? alone(before, single[i]))
  const reopened = after.decryptMany(moved).map((text, i) => text ?? alone(after, moved[i]))
  for (const [i, text] of texts.entries()) {
    assert(opened[i] === text && reopened[i] === text, "decryptMany gave another text")
    assert(alone(before, single[i]) === text, "decryptText gave another text")
  }
  return 6 * BATCH
}

function alone(keyring: Keyring, token = ""): string {
  return keyring.decryptText(token)
}

/** The same through a DataSource, in memory. */
async function roundOfRows(dataSource: DataSource, random: () => number): Promise<number> {
  const patients = dataSource.getRepository(Patient)
  const rows = textsOf(random)
    .slice(0, ROWS)
    .map((ssn, id) => ({ id, name: ssn.slice(0, 8), ssn, weight: random(), history: [ssn] }))
  await patients.clear()
  await patients.insert(rows)
  const found = await patients.find({ order: { id: "ASC" } })
  assert.deepEqual(
    found.map(({ id, name, ssn, weight, history }) => ({ id, name, ssn, weight, history })),
    rows,
  )
  const sought = rows.slice(0, 20).map(({ ssn }) => ssn)
  assert.equal(await patients.countBy({ ssn: In(sought) }), sought.length)
  return 6 * ROWS + 20
}

async function main(): Promise<void> {
  const { values: given } = parseArgs({
    options: { values: { type: "string" }, seed: { type: "string" } },
  })
  const values = Number(given.values ?? 5_000_000)
  const seed = Number(given.seed ?? Date.now() % 1_000_000)
  const what = `${values} values under Node ${process.version} with seed ${seed}`
  process.stdout.write(`Soak: ${what}\n`)
  const random = randomOf(seed)
  const source = new DataSource({ type: "sqljs", entities: [Patient], synchronize: true })
  const dataSource = await withEncryption(source, { keyring: before }).initialize()
  let done = 0
  try {
    for (let round = 0; done < values; round++) {
      done += roundOfTokens(random)
      if (round % 4 === 0) done += await roundOfRows(dataSource, random)
    }
  } catch (error) {
    process.stderr.write(`Soak: failed after ${done} of ${what}\n`)
    throw error
  }
  await dataSource.destroy()
  process.stdout.write(`Soak: clean after ${done} values\n`)
}

void main()
