import { describe, expect, test } from "@jest/globals"

import { pascalCase, renderMigration } from "../../src/cli/migration-template"

const tables = [
  {
    table: "sales.customer",
    columns: [
      { name: "phone", type: "varchar(20)", declaredType: "varchar(255)" },
      { name: "credit limit", codec: "number" },
    ],
  },
  { table: "sales_customer", columns: [{ name: "notes" }] },
]

describe("renderMigration", () => {
  test("describes tables by their names, and gives types back", () => {
    const text = renderMigration({
      className: "EncryptCustomers1",
      tables,
      language: "typescript",
      constrain: true,
    })

    expect(text).toBe(`import type { MigrationInterface, QueryRunner } from "typeorm"
import { decryptColumns, encryptColumns, type TableDescription } from "typeorm-fernet"

const salesCustomerTable: TableDescription = {
  table: "sales.customer",
  columns: {
    phone: { type: "varchar(255)" },
    "credit limit": { codec: "number" },
  },
}

const salesCustomerTable2: TableDescription = {
  table: "sales_customer",
  columns: {
    notes: {},
  },
}

export class EncryptCustomers1 implements MigrationInterface {
  name = "EncryptCustomers1"

  async up(queryRunner: QueryRunner): Promise<void> {
    await encryptColumns(queryRunner, salesCustomerTable, { alter: true, constrain: true })
    await encryptColumns(queryRunner, salesCustomerTable2, { constrain: true })
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await decryptColumns(queryRunner, salesCustomerTable2)
    await decryptColumns(queryRunner, salesCustomerTable, { restoreTypes: { phone: "varchar(20)" } })
  }
}
`)
  })

  test("describes the keys of a column", () => {
    const columnKey = { mode: "only", context: ["user", 'e"mail'] } as const
    const text = renderMigration({
      className: "EncryptUsers1",
      tables: [{ table: "user", columns: [{ name: "email", columnKey }] }],
      language: "esm",
      constrain: false,
    })

    expect(text).toContain(
      String.raw`email: { columnKey: { mode: "only", context: ["user", "e\"mail"] } },`,
    )
  })

  test("describes blind indexes with what decides their values", () => {
    const index = { name: "email_bidx", context: "user/email/email_bidx", bits: 128 }
    const columns = [
      {
        name: "email",
        blindIndexes: [
          { ...index, normalize: ["trim", "lowercase"], with: [] },
          { name: "both", context: "c", normalize: [], bits: 16, with: ["born"] },
        ],
      },
      { name: "born", codec: "date" },
      { name: "tag", blindIndexes: [{ ...index, name: "own", normalize: undefined, with: [] }] },
    ]

    const text = renderMigration({
      className: "X1",
      tables: [{ table: "user", columns }],
      language: "esm",
      constrain: false,
    })

    expect(text).toContain(
      'email: { blindIndex: [{ name: "email_bidx", context: "user/email/email_bidx", ' +
        'normalize: ["trim", "lowercase"], bits: 128 }, { name: "both", context: "c", bits: 16, ' +
        'with: ["born"] }] },',
    )
    expect(text).toContain('born: { codec: "date" },')
    expect(text).toMatch(
      /The blind index "own" has a normalizer of your own[^]*fill it\n {4}tag: \{\}/,
    )
  })

  test("makes no code of a name", () => {
    const name = "a\n  process.exit()\u2028process.exit()"
    const blindIndexes = [{ name, context: "c", normalize: undefined, bits: 128, with: [] }]
    const outline = { className: "X1", language: "esm", constrain: false } as const

    const text = renderMigration({
      ...outline,
      tables: [{ table: "t", columns: [{ name: "c", blindIndexes }] }],
    })

    expect(text.split(/[\n\u2028]/).filter((line) => /^\s*process/.test(line))).toEqual([])
  })

  test("says what is missing where a codec is the user's own", () => {
    const own = [{ table: "customer", columns: [{ name: "born", ownCodec: true }] }]

    const text = renderMigration({
      className: "X1",
      tables: own,
      language: "esm",
      constrain: false,
    })

    expect(text).toContain("import it and add it as `codec`")
    expect(text).toMatch(/reported\n {4}born: \{\},\n/)
  })

  test.each([
    ["esm", 'import { decryptColumns, encryptColumns } from "typeorm-fernet"', "export class X1 {"],
    [
      "commonjs",
      'const { decryptColumns, encryptColumns } = require("typeorm-fernet")',
      "module.exports = class X1 {",
    ],
  ] as const)("writes JavaScript as %s", (language, imported, exported) => {
    const text = renderMigration({ className: "X1", tables, language, constrain: false })

    expect(text).toContain(imported)
    expect(text).toContain(exported)
    expect(text).not.toContain("QueryRunner)")
  })
})

describe("pascalCase", () => {
  test.each([
    ["encrypt-customers", "EncryptCustomers"],
    ["sales.customer_order", "SalesCustomerOrder"],
    ["Käufe", "Käufe"],
    ["2-tables", "T2Tables"],
  ])("makes an identifier of %s", (name, identifier) => {
    expect(pascalCase(name)).toBe(identifier)
  })
})
