import { type DataSource, type Repository } from "typeorm"

import type { Opened } from "../measure/apart"
import { type AsyncOperation, repeatingAsync } from "../measure/operation"
import type { ContenderJob, Work } from "./contender-job"
import { openVariant } from "./data-sources"
import { openDocuments } from "./documents"
import { insertPatients } from "./insert-patients"
import { type Patient, patients } from "./patient"
import * as variants from "./variants"

/** A connection, and what is done through it. */
interface Connected {
  readonly source: DataSource
  readonly operation: AsyncOperation
}

const known = [...variants.stored, variants.sealed5, variants.tokens]

const works: Readonly<Record<Work, (job: ContenderJob) => Promise<Connected>>> = {
  find: ofPatients((repository) => ({ run: () => repository.find() })),
  "find documents": async ({ connection, name }) => {
    const [source, repository] = await openDocuments(connection, name)
    return { source, operation: { run: () => repository.find() } }
  },
  insert: ofPatients((repository, { rows }) => {
    const all = patients(rows)
    return {
      prepare: () => repository.clear(),
      run: () => insertPatients(repository, all),
    }
  }),
  "save, changed": ofPatients((repository, { rows }) => saving(repository, rows, true)),
  "save, unchanged": ofPatients((repository, { rows }) => saving(repository, rows, false)),
}

function ofPatients(
  work: (repository: Repository<Patient>, job: ContenderJob) => AsyncOperation,
): (job: ContenderJob) => Promise<Connected> {
  return async (job) => {
    const variant = known.find(({ name }) => name === job.name)
    if (!variant) throw new Error(`There is no variant "${job.name}".`)
    const source = await openVariant(job.connection, variant)
    return { source, operation: work(source.getRepository(variant.entity), job) }
  }
}

function saving(repository: Repository<Patient>, saved: number, change: boolean): AsyncOperation {
  let loaded: Patient[] = []
  let turn = 0
  return {
    async prepare() {
      loaded = await repository.find({ order: { id: "ASC" }, take: saved })
      turn++
      if (change) for (const patient of loaded) patient.note = `${turn}: ${patient.note.slice(4)}`
    },
    run: () => repository.save(loaded),
  }
}

/** Connects to what one contender works with. */
export async function openContender(job: ContenderJob): Promise<Opened> {
  // A turn may come long after the one before, and is not to pay for a connection
  const connection = { ...job.connection, extra: { idleTimeoutMillis: 0 } }
  const { source, operation } = await works[job.work]({ ...job, connection })
  return {
    ...repeatingAsync(job.name, operation, job.times),
    close: () => source.destroy(),
  }
}
