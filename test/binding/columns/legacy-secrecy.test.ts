import { randomBytes } from "node:crypto"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import { inspect } from "node:util"

import { expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptionTransformer } from "typeorm-encrypted"

import {
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  type LegacyReader,
  readPrefixedTokens,
  readTypeormEncrypted,
  withEncryption,
} from "../../../src"
import { keyring, keys } from "../../support/keys"
import { memorySource } from "../memory-source"
import { reachableText } from "../reachable-text"
import { RecordingLogger } from "../recording-logger"

const marker = "MARKER"
const old = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-cbc", ivLength: 16 }

/** One that tells what it was given, as readers of one's own may. */
const talkative: LegacyReader = {
  is: (cell) => {
    if (cell.startsWith(`is:${marker}`)) throw new Error(`what is ${cell}?`)
    return cell.startsWith("own:")
  },
  decode: (cell) => {
    throw new Error(`cannot read ${cell}`, { cause: cell })
  },
}

@Entity("patient")
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    legacy: [readPrefixedTokens("enc:"), talkative, readTypeormEncrypted(old)],
  })
  ssn!: string
}

/** Cells that cannot be read, each of which would give something away. */
const unreadable = [
  `own:${marker}`,
  `is:${marker}`,
  `enc:${keyring.encrypt(marker).slice(0, -4)}AAA=`,
]

async function openTable(logger: RecordingLogger): Promise<DataSource> {
  const source = withEncryption(memorySource([Patient], { logger, logging: "all" }), {
    keyring,
    plaintext: "allow",
  })
  await source.initialize()
  const transformer = new EncryptionTransformer(old)
  const cells = [transformer.to(marker) as string, ...unreadable]
  for (const [i, cell] of cells.entries()) {
    await source.query("INSERT INTO patient VALUES (?, ?)", [i + 1, cell])
  }
  logger.entries.length = 0
  return source
}

test("a reader of a legacy form shows neither its key, a value nor a cell", async () => {
  const logger = new RecordingLogger()
  const source = await openTable(logger)
  const events: unknown[] = []
  const listen = (event: unknown): void => void events.push(event)
  subscribe("typeorm-fernet:plaintext.read", listen)
  const errors: unknown[] = []

  const read = await source.manager.findOneByOrFail(Patient, { id: 1 })
  for (const [i] of unreadable.entries()) {
    const reading = source.manager.findOneBy(Patient, { id: i + 2 })
    errors.push(await reading.catch((error: unknown) => error))
  }
  const searching = source.manager.findBy(Patient, { ssn: marker })
  errors.push(await searching.catch((error: unknown) => error))
  const inspected = await inspectColumns(source, Patient)
  const encrypted = await encryptColumns(source, Patient, { trustLegacy: true })
  unsubscribe("typeorm-fernet:plaintext.read", listen)

  expect(read.ssn).toBe(marker)
  expect(errors.map((error) => (error as { code?: string }).code)).toEqual([
    ...unreadable.map(() => "ERR_DECRYPTION_FAILED"),
    "ERR_UNSUPPORTED_QUERY",
  ])
  expect(encrypted).toMatchObject({ changed: 1, failed: unreadable.length })
  expect(events).not.toEqual([])
  const readers = source.getMetadata(Patient).findColumnWithPropertyName("ssn")?.transformer
  const shown = [
    ...errors.map(reachableText),
    inspect([events, inspected, encrypted, logger.entries, readers], { depth: Infinity }),
    JSON.stringify([events, inspected, encrypted, logger.entries, readers]),
  ].join("\n")
  for (const secret of [marker, old.key, keys.first, "gAAAAAB", ...unreadable]) {
    expect(shown).not.toContain(secret)
  }
  await source.destroy()
})
