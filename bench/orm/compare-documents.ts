import {
  Column,
  DataSource,
  type DataSourceOptions,
  Entity,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { ringKeys } from "../fernet/texts"
import { repeatingAsync } from "../measure/operation"
import { runRounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { OrmOptions } from "./options"

interface Webhook {
  id: number
  config: unknown
}

const [plain, ours] = ["a plain jsonb column", "two encrypted parts of a jsonb column"] as const

@Entity("plain_webhook")
class PlainWebhook implements Webhook {
  @PrimaryColumn("int") id!: number
  @Column("jsonb") config!: unknown
}

@Entity("encrypted_webhook")
class EncryptedWebhook implements Webhook {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn({ type: "jsonb", paths: ["headers.Authorization", "actions.*.token"] })
  config!: unknown
}

const entities = { [plain]: PlainWebhook, [ours]: EncryptedWebhook }

/** A document of ten members, two of which are secret. */
function webhook(id: number): Webhook {
  const hex = id.toString(16).padStart(32, "0")
  return {
    id,
    config: {
      ...{ kind: "http", url: `https://example.com/hooks/${id}`, retries: 3, active: true },
      headers: { Authorization: `Bearer ${hex}`, Accept: "*/*" },
      actions: [{ name: "notify", token: hex }],
      filters: { status: ["open", "late"], region: null },
    },
  }
}

/** Finds and saves documents of which parts are encrypted, and the same in plaintext. */
export async function compareDocuments(
  connection: DataSourceOptions,
  { rows, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  const unbound = new DataSource({ ...connection, entities: Object.values(entities) })
  const keyring = new Keyring([ringKeys[0] ?? ""])
  const source = await withEncryption(unbound, { keyring }).initialize()
  try {
    await source.synchronize()
    const webhooks = Array.from({ length: rows }, (_, i) => webhook(i + 1))
    const contenders = []
    for (const name of [plain, ours]) {
      const repository: Repository<Webhook> = source.getRepository(entities[name])
      await repository.save(webhooks, { chunk: 1000 })
      contenders.push(repeatingAsync(name, { run: () => repository.find() }))
    }
    const measured = await runRounds(contenders, rounds)
    const line: Line = {
      group: `find() of ${rows.toLocaleString("en")} documents`,
      title: `${ours}, against ${plain}`,
      figure: measured.costRatio(ours, plain),
      unit: "× the cost",
      absolute: describeSecondsOf(measured.cost(ours), measured.cost(plain)),
    }
    return { lines: [line] }
  } finally {
    await source.destroy()
  }
}
