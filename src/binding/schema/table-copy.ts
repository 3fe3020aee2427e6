import type { CopiedColumn, TypeChange } from "../../dialect/conversions/conversion"
import { EncryptionError } from "../../errors"
import type { MemorizedQuery } from "../typeorm-internals"
import { toQuery } from "./type-changes"

/** Statements as a query runner remembers them. */
export type Queries = readonly MemorizedQuery[]

/** What TypeORM copies the rows of a table by: AbstractSqliteQueryRunner.recreateTable. */
const COPY = /^(INSERT INTO .+\) SELECT )(".+")( FROM .+)$/s

/**
 * Returns the statements that make a table anew, with columns converted where its rows are copied, on
 * the way there and back, and what keeps it from going back.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN` if the rows are not copied as they were
 */
export function copiedBy(
  { copied = [], down: guards }: TypeChange,
  up: Queries,
  down: Queries,
): [up: Queries, down: Queries] {
  return [
    convertCopy(up, copied, "up"),
    // TypeORM runs what takes changes back from its end
    [...convertCopy(down, copied, "down"), ...guards.toReversed().map(toQuery)],
  ]
}

function convertCopy(
  queries: Queries,
  copied: readonly CopiedColumn[],
  direction: "down" | "up",
): Queries {
  const index = queries.findIndex(({ query }) => COPY.test(query))
  const [, into = "", list = "", from = ""] = COPY.exec(queries[index]?.query ?? "") ?? []
  const names = list.slice(1, -1).split(/", ?"/)
  const isComplete = copied.every(({ name }) => names.includes(name))
  if (!isComplete) {
    throw new EncryptionError(
      "ERR_SEAM_BROKEN",
      "This version of TypeORM copies a table in another way, in which values would not be converted. " +
        "Use versions that typeorm-fernet supports, or report it.",
    )
  }
  const selected = names.map((name) => {
    const column = copied.find((one) => one.name === name)
    return column ? column[direction] : `"${name}"`
  })
  return queries.with(index, toQuery(`${into}${selected.join(", ")}${from}`))
}
