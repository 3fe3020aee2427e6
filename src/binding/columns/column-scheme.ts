import type { ColumnKey } from "../../column/column-key"
import type { EncryptedColumnDeclaration } from "../../column/declaration"
import type { PlaintextPhase } from "../../column/phase"
import type { DecryptionError } from "../../errors"
import type { ColumnRings } from "./column-rings"
import type { BeforeReveal } from "./reveals"

/** How one column of one DataSource is encrypted. */
export interface ColumnScheme {
  /** The column, as `Entity.property`. */
  readonly property: string
  readonly declaration: EncryptedColumnDeclaration
  /** What is made of cells that are no tokens. */
  readonly phase: PlaintextPhase
  /** The characters of token the database column holds; `undefined` for no limit that matters. */
  readonly tokenLimit: number | undefined
  /** The zone of timestamps without one, in which the application wrote them. */
  readonly timestampZone?: string | undefined
  /** The keys of the column's own, if it has any. */
  readonly columnKey?: ColumnKey | undefined
  /** The rings of the DataSource's columns that have keys of their own; this one's join them. */
  readonly family?: Set<ColumnRings>
  /** Returns what an entity is given in place of the value of a cell that cannot be read. Or throws. */
  readonly resolveUnreadable?: (error: DecryptionError, cell: unknown) => unknown
  /** Is given what wipes the plaintexts that the column keeps, if it keeps any. */
  readonly keeps?: (wipe: () => void) => void
  /** Records that a sealed cell is to be revealed, before it is. */
  readonly beforeReveal?: BeforeReveal | undefined
  /** Returns the primary key of an entity, as far as it has one. */
  readonly primaryKeyOf?: (entity: object) => Readonly<Record<string, unknown>> | undefined
}
