import { describe, expect, test } from "@jest/globals"
import { DataSource, Entity, PrimaryColumn, ViewColumn, ViewEntity } from "typeorm"

import {
  type ColumnKeyDeclaration,
  type ColumnKeyMode,
  ColumnMisuseError,
  EncryptedColumn,
  encryptedColumn,
  withEncryption,
} from "../../../src"
import { findMisuse } from "../../../src/binding/startup/validate"
import { internalsOf } from "../../../src/binding/typeorm-internals"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { schema } from "../schema"

async function problemsOf(
  entities: NonNullable<Parameters<typeof memorySource>[0]>,
  columnKeys?: ColumnKeyMode,
): Promise<readonly string[]> {
  const source = withEncryption(memorySource(entities), {
    keyring,
    ...(columnKeys && { columnKeys }),
  })
  const error = await rejection(source.initialize())
  if (error instanceof ColumnMisuseError) return error.problems
  throw error
}

const patient = (columnKey: unknown): ReturnType<typeof schema> =>
  schema("Patient", { ssn: encryptedColumn({ columnKey: columnKey as ColumnKeyDeclaration }) })

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn() email!: string
}

@ViewEntity({ expression: "SELECT id, email FROM account" })
class AccountView {
  @ViewColumn() id!: number
  @EncryptedColumn() email!: string
}

@ViewEntity({ expression: "SELECT id, email FROM account" })
class RightView {
  @ViewColumn() id!: number
  @EncryptedColumn({ columnKey: { context: ["account", "email"] } }) email!: string
}

@Entity({ name: "account", database: "elsewhere" })
class Elsewhere {
  @PrimaryColumn() id!: number
  @EncryptedColumn() email!: string
}

describe("column keys", () => {
  test.each([true, "always", { mode: "always", context: "a" }, { context: "" }])(
    "cannot be declared as %j",
    async (declaration) => {
      expect(await problemsOf([patient(declaration)])).toEqual([
        expect.stringMatching(/^Patient\.ssn has a columnKey /),
      ])
    },
  )

  test("need the context of the column that a view shows", async () => {
    expect(await problemsOf([Account, AccountView], "only")).toEqual([
      expect.stringMatching(/^AccountView\.email is of a view: give .* context/),
    ])
  })

  test("need a context for a table of the same name in another database", async () => {
    // Never connected: its metadata has databases, which that of SQLite has not
    const source = new DataSource({ type: "mysql", entities: [Account, Elsewhere] })
    await internalsOf(source).buildMetadatas()

    expect(findMisuse(source, { columnKeys: "only" })).toEqual([
      expect.stringMatching(/^Elsewhere\.email would have the keys of .* account;/),
    ])
    expect(findMisuse(source)).toEqual([])
  })

  test("read a view by the context of the column that it shows", async () => {
    const source = withEncryption(memorySource([Account, RightView]), {
      keyring,
      columnKeys: "only",
    })
    await source.initialize()
    await source.manager.insert(Account, { id: 1, email: "ada@example.com" })

    expect(await source.manager.find(RightView)).toEqual([{ id: 1, email: "ada@example.com" }])
    await source.destroy()
  })

  test("are an option of withEncryption that has three values", () => {
    expect(() => withEncryption(memorySource([]), { columnKeys: "always" as "only" })).toThrow(
      'columnKeys of withEncryption() is none of "ready", "moving" or "only"',
    )
  })
})
