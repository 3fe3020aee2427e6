import type { DataSourceOptions, Logger, Repository } from "typeorm"

import { Keyring } from "../../src"
import { single } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { openBound } from "./data-sources"
import type { OrmOptions } from "./options"
import type { Patient } from "./patient"
import { runVariants } from "./run-variants"
import { saveTarget, unchangedTarget } from "./targets"
import { gcm5, naive5, noop, ours1, ours5, plain } from "./variants"

const variants = [plain, ours5, ours1, noop, naive5, gcm5]

/** Saves loaded entities, as they are and with one property changed. */
export async function compareSave(
  connection: DataSourceOptions,
  { saved, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  const lines: Line[] = []
  for (const change of [false, true]) {
    const jobs = variants.map(({ name }) => ({
      name,
      work: change ? ("save, changed" as const) : ("save, unchanged" as const),
      ...{ connection, rows: saved },
    }))
    const measured = await runVariants(jobs, Math.ceil(rounds / 3))
    for (const { name } of variants.slice(1)) {
      lines.push({
        group: `save() of ${saved.toLocaleString("en")} loaded entities, ${change ? "one property changed" : "unchanged"}`,
        title: `${name}, against plain columns`,
        figure: measured.costRatio(name, plain.name),
        unit: "× the cost",
        absolute: describeSecondsOf(measured.cost(name), measured.cost(plain.name)),
        ...(name === ours5.name && !change ? { target: saveTarget } : {}),
      })
    }
  }
  return { lines }
}

/** Counts what saving loaded, unchanged entities does, off the clock. */
export async function countUnchanged(
  connection: DataSourceOptions,
  { saved }: OrmOptions,
): Promise<Partial<Findings>> {
  const log = new StatementLog()
  const dataSource = await openBound(connection, [ours5], log)
  const repository = dataSource.getRepository(ours5.entity)
  const loaded = await repository.find({ order: { id: "ASC" }, take: saved })
  const unchanged = await countSave(repository, loaded, log)
  for (const patient of loaded) patient.note += "!"
  const changed = await countSave(repository, loaded, log)
  await dataSource.destroy()
  // A count of nothing proves nothing where changes are not counted either
  if (changed.updates !== saved || changed.encryptions !== saved) {
    throw new Error(`${saved} changes were counted as ${JSON.stringify(changed)}.`)
  }
  const line = (title: keyof SaveCount): Line => ({
    group: `save() of ${saved.toLocaleString("en")} loaded entities, unchanged`,
    title: `${ours5.name}: ${title}`,
    figure: single(unchanged[title]),
    unit: title,
    target: unchangedTarget,
  })
  return { lines: [line("updates"), line("encryptions")] }
}

/** What one `save()` did. */
interface SaveCount {
  readonly updates: number
  readonly encryptions: number
}

async function countSave(
  repository: Repository<Patient>,
  loaded: Patient[],
  log: StatementLog,
): Promise<SaveCount> {
  const before = log.updates
  const encryptions = await countEncryptions(() => repository.save(loaded))
  return { updates: log.updates - before, encryptions }
}

/** Every column encrypts through the same method of its keyring. */
async function countEncryptions(work: () => Promise<unknown>): Promise<number> {
  const prototype = Keyring.prototype
  // eslint-disable-next-line @typescript-eslint/unbound-method -- bound again at every call
  const { encrypt } = prototype
  let count = 0
  prototype.encrypt = function (plaintext): string {
    count++
    return encrypt.call(this, plaintext)
  }
  try {
    await work()
  } finally {
    prototype.encrypt = encrypt
  }
  return count
}

/** Counts the UPDATE statements that TypeORM sends. */
class StatementLog implements Logger {
  updates = 0

  logQuery(query: string): void {
    if (query.startsWith("UPDATE")) this.updates++
  }

  logQueryError(): void {
    return
  }
  logQuerySlow(): void {
    return
  }
  logSchemaBuild(): void {
    return
  }
  logMigration(): void {
    return
  }
  log(): void {
    return
  }
}
