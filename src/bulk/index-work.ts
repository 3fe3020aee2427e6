import { canonicalPlaintext } from "../binding/columns/cell-codec"
import type { Cell } from "../dialect/dialect"
import { EncryptionError } from "../errors"
import type { Keyring } from "../fernet/keyring"
import { BlindIndex, type IndexMember } from "../search/blind-index"
import type { BulkIndex } from "./bulk-index"
import type { BulkColumn } from "./bulk-target"
import type { ClassifiedCell } from "./cell-state"

/**
 * What a companion cell holds: `current`, the index value of the row under the first key; `missing`,
 * NULL where there should be one; `stale`, anything else, as an index value under an older key.
 */
export type IndexState = "current" | "missing" | "stale"

/** In place of a companion cell for a value that its index refuses, as a normalizer may. */
export const UNINDEXABLE: unique symbol = Symbol("unindexable")

/** What a companion cell should hold; `undefined` where that cannot be known. */
export type WantedCell = Cell | typeof UNINDEXABLE | undefined

/**
 * What becomes of companion cells: `written`, made to hold what they should; `cleared`, made NULL as
 * their row is decrypted; `kept`, left alone; `proven`, left alone, and reported if they are wrong.
 */
export type CompanionDemand = "cleared" | "kept" | "proven" | "written"

/** What a row's encrypted cells were found to be. */
export interface FoundCells {
  readonly cells: readonly Cell[]
  readonly found: readonly ClassifiedCell[]
}

/** The companion columns of a table, computed from the cells of its encrypted columns. */
export class IndexWork {
  readonly #indexes: readonly { readonly index: BlindIndex; readonly sources: readonly number[] }[]
  readonly #keyring: Keyring

  /**
   * @param keyring - opens the cells
   * @param indexKeyring - makes the index values
   */
  constructor(
    indexes: readonly BulkIndex[],
    columns: readonly BulkColumn[],
    keyring: Keyring,
    indexKeyring: Keyring,
  ) {
    this.#keyring = keyring
    this.#indexes = indexes.map(({ scheme, sources }) => {
      const covered = sources.map((name) => columns.findIndex((column) => column.name === name))
      const members = covered.flatMap((i) => columns.slice(i, i + 1)).map(memberOf)
      return {
        index: new BlindIndex(
          { ...scheme, members: members as [IndexMember, ...IndexMember[]] },
          () => indexKeyring,
        ),
        sources: covered,
      }
    })
  }

  /**
   * Returns what each companion cell of a row should hold; `undefined` where that cannot be known,
   * because a cell it is made of cannot be read.
   */
  wanted({ cells, found }: FoundCells): readonly WantedCell[] {
    return this.#indexes.map(({ index, sources }) => {
      const covered = sources.map((i) => [cells[i] ?? null, found[i]] as const)
      if (covered.some(([cell]) => cell === null)) return null
      try {
        return index.stored(covered.map(([cell, state]) => this.#open(cell ?? "", state)))
      } catch (error) {
        const isRefused = error instanceof EncryptionError && error.code === "ERR_INVALID_VALUE"
        return isRefused ? UNINDEXABLE : undefined
      }
    })
  }

  /**
   * Says of each companion cell of a row whether one of the index keys made it; `undefined` where
   * that cannot be known.
   */
  recognized(
    { cells, found }: FoundCells,
    companions: readonly Cell[],
  ): readonly (boolean | undefined)[] {
    return this.#indexes.map(({ index, sources }, i) => {
      const companion = companions[i] ?? null
      const covered = sources.map((source) => [cells[source] ?? null, found[source]] as const)
      if (companion === null || covered.some(([cell]) => cell === null)) return undefined
      try {
        const values = covered.map(([cell, state]) => this.#open(cell ?? "", state))
        return index.searched(values).includes(companion)
      } catch {
        return undefined
      }
    })
  }

  #open(cell: string, classified: ClassifiedCell | undefined): string | Uint8Array {
    if (classified?.state === "plaintext") return cell
    return this.#keyring.decrypt(cell)
  }
}

function memberOf({ name, label, codec }: BulkColumn): IndexMember {
  return {
    property: label,
    path: name,
    plaintextAllowed: false,
    plaintextOf: (plaintext) => canonicalPlaintext(codec, plaintext as string | Uint8Array),
  }
}

/** Compares a companion cell with what it should hold. */
export function indexState(cell: Cell, wanted: WantedCell): IndexState | undefined {
  if (wanted === undefined || (cell === null && wanted === null)) return undefined
  if (cell === wanted) return "current"
  return cell === null ? "missing" : "stale"
}
