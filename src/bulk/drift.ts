import { writesPlaintext } from "../column/phase"
import type { Leftover } from "../dialect/schema-dialect"
import type { Session } from "../dialect/session"
import type { BulkColumn } from "./bulk-target"
import { findConstraints, taken } from "./definition"
import { absentCompanion, type DescribedTable } from "./preflight"

/** Says what of the columns is not as the model has it in the database, and what mends it. */
export async function driftOf(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  return [
    ...described.absent.map(absentCompanion),
    ...typeDrift(session, described),
    ...(await constraintDrift(session, described)),
    ...(await leftoverDrift(session, described)),
  ]
}

function typeDrift({ schema }: Session, { columns, facts }: DescribedTable): readonly string[] {
  if (!schema.enforcesTypes) return []
  return columns.flatMap(({ label, type, paths }, i) => {
    const found = facts[i]?.type
    if (type === undefined || found === undefined || found === type) return []
    if (paths) {
      // What MariaDB calls json is longtext
      if (type === "json" && found === "longtext") return []
      return [`${label} is ${found} in the database and ${type} in the model.`]
    }
    return [
      `${label} is ${found} in the database and ${type} in the model. Run column:encrypt --alter, or ` +
        "TypeORM's own schema commands.",
    ]
  })
}

async function constraintDrift(
  session: Session,
  described: DescribedTable,
): Promise<readonly string[]> {
  const drift: string[] = []
  for (const { label, constraint, state } of await findConstraints(session, described)) {
    if (!constraint) continue
    const { name, drop } = constraint
    if (state === "taken") drift.push(taken(label, constraint))
    if (state === "outdated") {
      drift.push(
        `${label}: the constraint ${name} is not the one that keeps plaintext out. Run ` +
          `column:encrypt --constrain, which replaces it, or ${drop}.`,
      )
    }
  }
  return drift
}

async function leftoverDrift(
  { connection, schema }: Session,
  { table, columns }: DescribedTable,
): Promise<readonly string[]> {
  // An index over documents finds what is left in plaintext
  const names = columns.filter(({ paths }) => !paths).map(({ name }) => name)
  const leftovers = await schema.leftovers(connection, table.path, names)
  return leftovers.flatMap((leftover) => {
    const column = columns.find(({ name }) => name === leftover.column)
    if (!column || isInUse(column, leftover)) return []
    const { drop = "TypeORM's own schema commands" } = leftover
    return [`${column.label} ${found(leftover)} Run ${drop}.`]
  })
}

/** While some write plaintext a DEFAULT does no harm, and while some is read an index finds it. */
function isInUse({ phase }: BulkColumn, { kind }: Leftover): boolean {
  if (phase === undefined) return false
  return kind === "default" ? writesPlaintext(phase) : phase !== "reject"
}

function found({ kind, name = "" }: Leftover): string {
  if (kind === "default") return "has a DEFAULT, which the database would store in plaintext."
  return kind === "index"
    ? `is in the index ${name}, which finds no token.`
    : `is in the unique index ${name}, which does not tell that two tokens hold one value.`
}
