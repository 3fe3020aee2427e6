import type { Repository } from "typeorm"

import type { Patient } from "./patient"

/** Rows of one INSERT. */
export const BATCH = 1000

/** Inserts rows in batches. */
export async function insertPatients(
  repository: Repository<Patient>,
  rows: readonly Patient[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += BATCH) {
    await repository.insert(rows.slice(start, start + BATCH))
  }
}
