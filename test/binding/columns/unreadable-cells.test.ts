import { beforeEach, describe, expect, test } from "@jest/globals"
import { Entity, type EntityMetadata, PrimaryColumn } from "typeorm"

import { DecryptionError, EncryptedColumn, Keyring } from "../../../src"
import { FetchedRows } from "../../../src/binding/columns/fetched-rows"
import { UnreadableCells } from "../../../src/binding/columns/unreadable-cells"
import { keyring, keys } from "../../support/keys"
import { boundSource } from "../memory-source"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
}

const foreign = new Keyring([keys.second])
const failure = new DecryptionError("Patient.ssn", "unknown-key", "Patient.ssn is foreign.")

describe("the bad cells of a result", () => {
  let metadata: EntityMetadata
  beforeEach(async () => {
    metadata = (await boundSource([Patient])).getMetadata(Patient)
  })

  /** What is said of each cell of a result, and how often its cells were looked at. */
  function sayOf(cells: readonly string[]): { said: string[]; looks: number } {
    let looks = 0
    const rows = cells.map((cell, i) => ({
      p_id: i + 1,
      get p_ssn() {
        looks++
        return cell
      },
    }))
    const fetched = new FetchedRows()
    fetched.note(rows)
    const unreadable = new UnreadableCells(fetched, undefined)
    const column = metadata.findColumnWithPropertyName("ssn")
    const said = cells.map((cell) => {
      try {
        if (column) unreadable.resolve(failure, cell, column)
        return "nothing"
      } catch (error) {
        const { primaryKey, othersOpen } = error as DecryptionError
        return JSON.stringify([primaryKey, othersOpen])
      }
    })
    return { said, looks }
  }

  test("are named by their rows, and told from those of a wrong key", () => {
    const [good, ...bad] = [keyring.encrypt("1"), foreign.encrypt("2"), foreign.encrypt("3")]

    expect(sayOf([...bad, good]).said.slice(0, 2)).toEqual(['[{"id":1},true]', '[{"id":2},true]'])
    expect(sayOf(bad).said).toEqual(['[{"id":1},false]', '[{"id":2},false]'])
  })

  test("take a few looks at each row, however many they are", () => {
    const cells = Array.from({ length: 50 }, (_, i) => foreign.encrypt(String(i)))

    expect(sayOf(cells).looks).toBeLessThanOrEqual(4 * cells.length)
  })
})
