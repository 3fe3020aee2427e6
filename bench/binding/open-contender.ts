import type { DataSourceOptions } from "typeorm"

import type { Job, Opened } from "../measure/apart"
import { repeatingAsync } from "../measure/operation"
import { tasks } from "./tasks"
import { openWards } from "./wards"

/** What the process of one contender does whenever its turn comes. */
export interface BindingJob extends Job {
  /** The name of the task. */
  readonly task: string
  readonly connection: DataSourceOptions
  /** How many times it does so in one turn. */
  readonly times: number
}

/** Connects one contender. */
export async function openContender(job: BindingJob): Promise<Opened> {
  const { name, connection, times } = job
  const task = tasks.find((known) => known.name === job.task)
  if (!task) throw new Error(`There is no task "${job.task}".`)
  const source = await openWards(connection, name)
  let n = 0
  const contender = repeatingAsync(name, {
    async run() {
      for (let i = 0; i < times; i++) await task.run(source, n++)
    },
  })
  return { ...contender, close: () => source.destroy() }
}
