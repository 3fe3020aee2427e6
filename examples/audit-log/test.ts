import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { randomBytes } from "node:crypto"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { after, afterEach, before, beforeEach, describe, test } from "node:test"

import { metrics, trace } from "@opentelemetry/api"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, generateKey, Keyring, runWithActor, withEncryption } from "typeorm-fernet"

import { FolderAnchor } from "./anchor.ts"
import { AuditEntry } from "./audit-entry.ts"
import { AuditLog, type AuditLogOptions, NotRecorded } from "./audit-log.ts"
import { audit } from "./audited.ts"
import { type Database, freshDatabase } from "./databases.ts"
import { observe } from "./telemetry.ts"
import { type Finding, verify } from "./verify.ts"

@Entity()
class Patient {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ blindIndex: true })
  ssn!: string
}

const key = randomBytes(32)
let database: Database
let dataSource: DataSource
let folder: string
let anchor: FolderAnchor
let log: AuditLog

before(async () => {
  database = await freshDatabase()
  const entities = [AuditEntry]
  dataSource = new DataSource({ ...database.options, entities, synchronize: true })
  await dataSource.initialize()
})

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "anchors-"))
  anchor = new FolderAnchor(folder)
  await dataSource.getRepository(AuditEntry).clear()
})

afterEach(() => log.close())

after(async () => {
  await dataSource.destroy()
  await database.drop()
})

const open = (options: Partial<AuditLogOptions> = {}): AuditLog =>
  (log = new AuditLog({ dataSource, key, anchor, retryAfter: 5, ...options }))

const entries = () => dataSource.getRepository(AuditEntry).find({ order: { sequence: "ASC" } })

/** Has entries written, one batch after another. */
async function written(count: number): Promise<void> {
  const batches = open({ batchSize: 4 })
  for (let i = 0; i < count; i++)
    batches.record({ event: "decrypt", actor: "alice", details: { i } })
  assert.equal(await batches.close(), 0)
}

/** What is found after somebody changed the table. */
async function foundAfter(sql: string): Promise<readonly Omit<Finding, "writer">[]> {
  await dataSource.query(sql)
  return (await verify(dataSource, key, anchor)).map(({ sequence, kind }) => ({ sequence, kind }))
}

/** Takes the table away while work goes on, and gives it back. */
async function withoutTable(work: () => Promise<void>): Promise<void> {
  await dataSource.query("ALTER TABLE audit_entry RENAME TO audit_elsewhere")
  try {
    await work()
  } finally {
    await dataSource.query("ALTER TABLE audit_elsewhere RENAME TO audit_entry")
  }
}

describe("verify", () => {
  beforeEach(() => written(10))

  test("finds nothing in chains that are as they were written, of several writers", async () => {
    await written(3)

    assert.deepEqual(await verify(dataSource, key, anchor), [])
    assert.equal((await entries()).length, 13)
  })

  test("finds an entry that was changed", async () => {
    assert.deepEqual(await foundAfter("UPDATE audit_entry SET actor = 'bob' WHERE sequence = 4"), [
      { sequence: 4, kind: "changed" },
    ])
  })

  test("finds entries that changed places", async () => {
    const found = await foundAfter(
      "UPDATE audit_entry SET sequence = CASE sequence WHEN 3 THEN -5 WHEN 5 THEN -3 ELSE sequence END",
    )
    assert.deepEqual(found[0], { sequence: 3, kind: "missing" })
    await dataSource.query("UPDATE audit_entry SET sequence = -sequence WHERE sequence < 0")

    assert.deepEqual(await foundAfter("SELECT 1"), [
      { sequence: 3, kind: "changed" },
      { sequence: 4, kind: "changed" },
      { sequence: 5, kind: "changed" },
      { sequence: 6, kind: "changed" },
    ])
  })

  test("finds entries that were removed in the middle", async () => {
    assert.deepEqual(await foundAfter("DELETE FROM audit_entry WHERE sequence IN (4, 5)"), [
      { sequence: 4, kind: "missing" },
    ])
  })

  test("finds a chain that was cut at its tail, or is gone", async () => {
    assert.deepEqual(await foundAfter("DELETE FROM audit_entry WHERE sequence > 7"), [
      { sequence: 8, kind: "cut" },
    ])
    assert.deepEqual(await foundAfter("DELETE FROM audit_entry"), [{ sequence: 1, kind: "cut" }])
  })

  test("finds an entry that was put in, and a chain that was made under another key", async () => {
    const copy =
      "INSERT INTO audit_entry SELECT writer, 11, at, event, actor, tenant, entity, details, previous, " +
      "mac FROM audit_entry WHERE sequence = 10"
    assert.deepEqual(await foundAfter(copy), [{ sequence: 11, kind: "changed" }])

    const others = await verify(dataSource, randomBytes(32), anchor)
    assert.equal(others.filter(({ kind }) => kind === "changed").length, 11)
  })
})

describe("the queue", () => {
  test("keeps what the database does not take, in order, and goes on", async () => {
    const errors: unknown[] = []
    const waiting = open({ onError: (error) => errors.push(error) })
    await withoutTable(async () => {
      for (let i = 0; i < 10; i++) waiting.record({ event: "decrypt", details: { i } })
      while (errors.length < 3) await new Promise(setImmediate)
      assert.equal(waiting.waiting, 10)
    })

    assert.equal(await waiting.close(), 0)

    const stored = await entries()
    assert.deepEqual(
      stored.map(({ details }) => JSON.parse(details).i),
      Array.from({ length: 10 }, (_, i) => i),
    )
    assert.deepEqual(await verify(dataSource, key, anchor), [])
  })

  test("says how many are left when it has to end first", async () => {
    const waiting = open()

    await withoutTable(async () => {
      waiting.record({ event: "decrypt", details: {} })
      assert.equal(await waiting.close(20), 1)
    })
  })

  test("counts what there is no room for, on record", async () => {
    const waiting = open({ capacity: 3, whenFull: "drop" })
    await withoutTable(async () => {
      const taken = Array.from({ length: 8 }, (_, i) =>
        waiting.record({ event: "e", details: { i } }),
      )
      assert.deepEqual(taken, [true, true, true, false, false, false, false, false])
      await waiting.admit()
    })

    await waiting.close()

    const dropped = (await entries()).filter(({ event }) => event === "dropped")
    assert.deepEqual(
      dropped.map(({ details }) => JSON.parse(details)),
      [{ dropped: 5 }],
    )
    assert.deepEqual(await verify(dataSource, key, anchor), [])
  })

  test("keeps work from beginning while it is full, or has it wait", async () => {
    const failing = open({ capacity: 1 })
    await withoutTable(async () => {
      failing.record({ event: "e", details: {} })
      await assert.rejects(failing.admit(), NotRecorded)
    })
    await failing.close()

    const blocking = open({ capacity: 1, whenFull: "block" })
    let admitted: Promise<void> | undefined
    await withoutTable(async () => {
      blocking.record({ event: "e", details: {} })
      admitted = blocking.admit()
      const first = await Promise.race([admitted.then(() => "admitted"), tick("waits")])
      assert.equal(first, "waits")
    })
    await admitted
    assert.equal(blocking.isFull, false)
  })

  test("has no value without its record", async () => {
    const recording = open({ timeout: 30 })
    await recording.recordBefore({ event: "reveal", actor: "alice", details: { id: 1 } })
    assert.equal((await entries()).length, 1)

    await withoutTable(async () => {
      await assert.rejects(recording.recordBefore({ event: "reveal", details: {} }), NotRecorded)
    })
  })

  test("writes no entry twice whose answer was lost", async () => {
    let failures = 0
    const losing = {
      listenTo: () => AuditEntry,
      afterInsert() {
        if (failures++ === 0) throw new Error("the connection was lost")
      },
    }
    dataSource.subscribers.push(losing)
    const waiting = open({ batchSize: 2 })
    for (let i = 0; i < 6; i++) waiting.record({ event: "e", details: { i } })

    assert.equal(await waiting.close(), 0)

    dataSource.subscribers.splice(dataSource.subscribers.indexOf(losing), 1)
    assert.ok(failures > 0)
    assert.equal((await entries()).length, 6)
    assert.deepEqual(await verify(dataSource, key, anchor), [])
  })

  test("outlives the connections that are cut", { skip: !process.env.DATABASE_URL }, async () => {
    const waiting = open({ batchSize: 3 })
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 60; i++) waiting.record({ event: "e", details: { i } })
      while (waiting.waiting > 0) await new Promise(setImmediate)
      const cut = await new DataSource({ ...database.options }).initialize()
      await cut.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
          "WHERE datname = current_database() AND pid <> pg_backend_pid()",
      )
      await cut.destroy()
    }

    assert.equal(await waiting.close(), 0)

    // Connections that were cut are in the pool of this test until they are used
    const isThere = () => dataSource.query("SELECT 1").then(Boolean, () => false)
    for (let good = 0; good < 20; good = (await isThere()) ? good + 1 : 0);
    assert.equal((await entries()).length, 300)
    assert.deepEqual(await verify(dataSource, key, anchor), [])
  })
})

const tick = <Value>(value: Value) => new Promise<Value>((resolve) => setImmediate(resolve, value))

test("a process that is killed leaves a chain that holds, with all that it was told is written", async () => {
  open()
  for (let round = 0; round < 3; round++) {
    const given = [JSON.stringify(database.options), key.toString("hex"), folder]
    const child = spawn(process.execPath, ["--import", "tsx", "killed.ts", ...given], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let told = 0
    for await (const line of createInterface({ input: child.stdout })) {
      told = Number(line)
      if (told >= 10 + round * 7) break
    }
    child.kill("SIGKILL")
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")

    assert.deepEqual(await verify(dataSource, key, anchor), [])
    const reveals = await dataSource.getRepository(AuditEntry).countBy({ event: "reveal" })
    assert.ok(reveals >= told + 1, `${reveals} of ${told + 1}`)
    await dataSource.getRepository(AuditEntry).clear()
    folder = mkdtempSync(join(tmpdir(), "anchors-"))
    anchor = new FolderAnchor(folder)
  }
})

describe("an application", () => {
  let application: DataSource
  const MARKER = "078-05-1120"

  beforeEach(async () => {
    const entities = [Patient]
    application = withEncryption(
      new DataSource({ ...database.options, entities, synchronize: true, dropSchema: false }),
      { keyring: new Keyring([generateKey()]) },
    )
    await application.initialize()
    await application.getRepository(Patient).clear()
  })

  afterEach(() => application.destroy())

  const work = () =>
    runWithActor("alice", async () => {
      await application.manager.insert(Patient, { id: 1, ssn: MARKER })
      await application.manager.findOneBy(Patient, { ssn: MARKER })
    })

  test("has what it does with encrypted values recorded, and no value", async () => {
    const stop = audit(open())

    await work()

    stop()
    await log.close()
    const stored = await entries()
    assert.deepEqual(
      stored.map(({ event, actor, entity }) => [event, actor, entity]),
      [
        ["encrypt", "alice", "Patient"],
        ["search", "alice", "Patient"],
        ["decrypt", "alice", "Patient"],
      ],
    )
    assert.deepEqual(JSON.parse(stored[2]?.details ?? "").rows, [{ id: 1 }])
    assert.doesNotMatch(JSON.stringify(stored), new RegExp(`${MARKER}|gAAAAA`))
    const [{ ssn_bidx: digest }] = await application.query("SELECT ssn_bidx FROM patient")
    assert.ok(!JSON.stringify(stored).includes(digest))
    assert.deepEqual(await verify(dataSource, key, anchor), [])
  })

  test("goes on when what is recorded is not, and its transaction takes no entry back", async () => {
    const stop = audit(open({ capacity: 1, whenFull: "drop" }))

    const rolledBack = application.transaction(async (manager) => {
      await manager.insert(Patient, { id: 2, ssn: MARKER })
      throw new Error("rolled back")
    })

    await assert.rejects(rolledBack, /rolled back/)
    stop()
    await log.close()
    assert.equal((await entries())[0]?.event, "encrypt")
    assert.equal(await application.manager.count(Patient), 0)
  })

  test("is counted by OpenTelemetry, and told to the span that is active", async () => {
    open()
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    const spans = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
    const span = provider.getTracer("test").startSpan("request")
    const active = trace.getActiveSpan
    trace.getActiveSpan = () => span
    const stop = observe()

    await work()

    stop()
    trace.getActiveSpan = active
    span.end()
    await reader.forceFlush()
    const [metric] = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
    assert.equal(metric?.descriptor.name, "typeorm_fernet.cells")
    assert.deepEqual(
      metric?.dataPoints.map(({ attributes, value }) => [
        attributes["typeorm_fernet.event"],
        attributes["db.operation.name"],
        value,
      ]),
      [
        ["encrypt", "INSERT", 1],
        ["decrypt", "SELECT", 1],
      ],
    )
    const [ended] = spans.getFinishedSpans()
    assert.deepEqual(
      ended?.events.map(({ name }) => name),
      ["typeorm-fernet:encrypt", "typeorm-fernet:decrypt"],
    )
    assert.deepEqual(ended?.events[1]?.attributes?.["typeorm_fernet.column"], ["Patient.ssn"])
    assert.doesNotMatch(JSON.stringify([exporter.getMetrics(), ended?.events]), new RegExp(MARKER))
  })
})
