import { planIndexes } from "../binding/indexes/index-plan"
import type { BulkReport, StateCounts } from "../bulk/report"
import type { EncryptedTable } from "../bulk/encrypted-tables"

/** What is on record of one encrypted column. */
interface ColumnEvidence {
  readonly property: string
  readonly table: string
  readonly column: string
  /** What the application makes of plaintext. */
  readonly plaintext: string
  /** How the column has keys of its own, if it does. */
  readonly columnKey: string | undefined
  /** Whether a CHECK keeps plaintext out. */
  readonly constrained: boolean
  readonly cells: StateCounts
  /** When the oldest token under each key was made. */
  readonly oldestToken: Readonly<Record<string, string>>
  readonly blindIndexes: readonly BlindIndexEvidence[]
}

interface BlindIndexEvidence {
  readonly name: string
  readonly bits: number
  readonly unique: boolean
  readonly slow: boolean
}

/** What is on record of the encrypted columns of a DataSource at some time. Holds no value and no key. */
export interface Evidence {
  readonly at: string
  /** Fingerprints of the keys, in order; the first encrypts. */
  readonly keys: readonly string[]
  readonly columns: readonly ColumnEvidence[]
  readonly drift: readonly string[]
}

/** Puts on record what was counted. */
export function evidenceOf(
  reports: readonly BulkReport[],
  tables: readonly EncryptedTable[],
  keys: readonly string[],
): Evidence {
  return {
    at: new Date().toISOString(),
    keys,
    columns: reports.flatMap((report, i) => columnsOf(report, tables[i])),
    drift: reports.flatMap(({ drift }) => drift),
  }
}

function columnsOf(report: BulkReport, table: EncryptedTable | undefined): ColumnEvidence[] {
  if (!table) return []
  const plans = planIndexes(table.metadata)
  return table.columns.flatMap(({ label, name, phase, columnKey }) => {
    const cells = report.columns[label]?.after
    if (!cells) return []
    const indexes = plans.filter(({ sources }) =>
      sources.some(({ databaseName }) => databaseName === name),
    )
    return {
      property: label,
      table: report.table,
      column: name,
      plaintext: phase ?? "reject",
      columnKey: columnKey?.mode,
      constrained: report.constrained.includes(label),
      cells,
      oldestToken: report.oldest?.[label] ?? {},
      blindIndexes: indexes.map(({ definition }) => ({
        name: definition.name,
        bits: definition.bits,
        unique: definition.unique,
        slow: definition.slow !== undefined,
      })),
    }
  })
}

/** Renders it as Markdown. */
export function renderEvidence({ at, keys, columns, drift }: Evidence): string {
  const rows = columns.map((column) => {
    const { cells, oldestToken, blindIndexes } = column
    const stale = Object.values(cells.stale).reduce((sum, count) => sum + count, 0)
    return [
      `${column.property} (${column.table}.${column.column})`,
      ...[cells.current, stale + cells.shared, cells.plaintext + cells.legacy].map(String),
      ...[cells.unreadable, cells.null].map(String),
      column.constrained ? "yes" : "no",
      column.plaintext,
      column.columnKey ?? "shared",
      blindIndexes.map(describeIndex).join("; ") || "none",
      Object.entries(oldestToken)
        .map(([key, made]) => `${made.slice(0, 10)} (${key})`)
        .join("; ") || "none",
    ]
  })
  const [first = "none", ...others] = keys
  return [
    "# Encrypted columns\n",
    `Counted at ${at}, cell by cell, with every token authenticated. Tokens are made under the key ` +
      `${first}${others.length > 0 ? `; ${others.join(", ")} still decrypt` : ""}. Keys are named by ` +
      "the first 8 hexadecimal digits of a SHA-256.\n",
    ...[HEADINGS, HEADINGS.map(() => "---"), ...rows].map(
      (row) => `| ${row.map(cell).join(" | ")} |`,
    ),
    "",
    ...(drift.length > 0
      ? ["## Not as the application has it\n", ...drift.map((one) => `- ${one}`), ""]
      : []),
    LIMITS,
    CONTROLS,
  ].join("\n")
}

const HEADINGS = [
  "column",
  "current key",
  "older keys",
  "not encrypted",
  "unreadable",
  "NULL",
  "CHECK",
  "plaintext is",
  "keys",
  "blind indexes",
  "oldest token",
]

function cell(text: string): string {
  return text.replaceAll("|", "\\|")
}

function describeIndex({ name, bits, unique, slow }: BlindIndexEvidence): string {
  return `${name}, ${bits} bits${unique ? ", unique" : ""}${slow ? ", slow" : ""}`
}

const LIMITS = `## What this does not prove

- Anything of copies: backups, replicas, logs of statements, exports, and what the table held before.
- Where keys are kept, who can read them, and when they were made. A token's age is that of its value's last
  write, or of its first encryption: rotation keeps it.
- Anything of columns that are not declared as encrypted.
- That what was counted is still so. Without a CHECK, raw SQL stores plaintext again.
- What a blind index shows of equality and frequency: see SECURITY.md of typeorm-fernet.
`

const CONTROLS = `## What it speaks to

- **PCI DSS 4.0.1**, 3.5.1 (stored account numbers are unreadable: strong cryptography) and 3.6.1 and 3.7.4
  (keys are protected, and changed at the end of their cryptoperiod): which columns, under which keys, and
  what is left under older ones.
- **HIPAA**, 45 CFR 164.312(a)(2)(iv) (encryption and decryption).
- **GDPR**, Article 32(1)(a) (pseudonymisation and encryption of personal data).
- **SOC 2**, CC6.1 (logical access to protected information assets, encryption among its points of focus).

It is evidence for these, and meets none of them by itself.
`
