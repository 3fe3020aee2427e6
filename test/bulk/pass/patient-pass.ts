import { fetchKeys } from "../../../src/bulk/keys"
import { nameTable } from "../../../src/bulk/bulk-target"
import type { Worker } from "../../../src/bulk/connection/worker"
import { checkOptions } from "../../../src/bulk/options"
import { encrypting } from "../../../src/bulk/pass/cells"
import { Companions } from "../../../src/bulk/pass/companions"
import type { Pass } from "../../../src/bulk/pass/pass"
import { describeTable } from "../../../src/bulk/preflight"
import { Tally } from "../../../src/bulk/report"
import { openSession, type Session } from "../../../src/dialect/session"
import { keyring } from "../../support/keys"
import type { PatientTable } from "../patient-table"

/** Opens a session of the table's own connection. */
export async function sessionOf({ source }: PatientTable): Promise<Session> {
  return openSession(source.createQueryRunner(), source.options.type)
}

/**
 * A worker that tries at once what others would try after a pause, as often as given.
 *
 * @param tries - how often an operation is tried
 */
export function hastyWorker(session: Session, tries = 1): Worker {
  const isLock: Worker["isLock"] = (error) => session.dialect.transience(error) === "lock"
  return {
    inTransaction: false,
    async run(operation) {
      for (let attempt = 0; ; attempt++) {
        try {
          return await operation(session, attempt)
        } catch (error) {
          if (!isLock(error) || attempt + 1 === tries) throw error
        }
      }
    },
    onReconnect: () => undefined,
    isLock,
    close: () => Promise.resolve(),
  }
}

/** An encrypting pass over the table, as a run begins it, of which some is otherwise. */
export async function patientPass(
  table: PatientTable,
  session: Session,
  { target = table.target, ...others }: Partial<Pass> & Partial<Pick<PatientTable, "target">> = {},
): Promise<Pass> {
  const named = nameTable(table.source, target)
  const { columns, indexes } = named
  const keys = await fetchKeys(table.source, checkOptions({ keyring }), true)
  const described = await describeTable(session, named, {
    where: undefined,
    needsCompanions: true,
  })
  return {
    ...{ columns, indexes, keys, table: described.table, limits: [] },
    companions: new Companions(indexes, columns, keys.indexRing),
    job: encrypting({ wrapForeign: false, asPlaintext: new Set() }),
    demand: "written",
    ...{ filter: "has-plaintext", batchSize: 5000, longest: 0 },
    ...{ dryRun: false, audit: false, last: true },
    tally: new Tally(
      columns.map(({ label }) => label),
      keys.fingerprints,
      indexes.map(({ label }) => label),
    ),
    onBatch: () => Promise.resolve(true),
    ...others,
  }
}
