import { writeFileSync } from "node:fs"
import { Session } from "node:inspector/promises"
import { join } from "node:path"

import type { DataSources } from "./data-sources"
import { ours5 } from "./variants"

const FINDS = 30

/** Profiles `find()` of five encrypted columns, warmed up, to a file that `self-times` reads. */
export async function profileFind(sources: DataSources, folder: string): Promise<void> {
  const repository = sources.repository(ours5)
  for (let i = 0; i < FINDS; i++) await repository.find()
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  await session.post("Profiler.start")
  for (let i = 0; i < FINDS; i++) await repository.find()
  const { profile } = await session.post("Profiler.stop")
  session.disconnect()
  writeFileSync(join(folder, "find.cpuprofile"), JSON.stringify(profile))
}
