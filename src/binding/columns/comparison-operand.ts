import { hash, randomBytes } from "node:crypto"

/**
 * What an encrypted column gives TypeORM in place of a value to compare: a digest that is equal for
 * equal plaintexts, so that saving an unchanged entity is no update, and that can never be bound as
 * a parameter, because the driver seam refuses it. Random tokens could do neither.
 *
 * The digest is keyed by a secret of this process, so it says nothing about the plaintext even
 * where TypeORM shows it to someone.
 */
const SECRET = randomBytes(32)
/** A text that is a cell is not what the cell holds. */
const CELL_SECRET = randomBytes(32)
const PREFIX = `typeorm-fernet:operand:${randomBytes(16).toString("hex")}:`

let incomparable = 0

/** Returns what names a column, `Entity.property`, inside its operands. */
export function operandMark(property: string): string {
  return Buffer.from(property, "utf8").toString("base64url")
}

/**
 * Returns the operand of a plaintext, or one that equals no other if there is no plaintext.
 *
 * @param mark - of the column
 */
export function comparisonOperand(
  mark: string,
  plaintext: string | Uint8Array | undefined,
): string {
  if (plaintext === undefined) return `${PREFIX}${++incomparable}:${mark}`
  return operandOf(mark, SECRET, plaintext)
}

/**
 * Returns the operand of a cell that is not opened. It equals that of the very same cell.
 *
 * @param mark - of the column
 */
export function cellOperand(mark: string, cell: string): string {
  return operandOf(mark, CELL_SECRET, cell)
}

function operandOf(mark: string, secret: Uint8Array, compared: string | Uint8Array): string {
  const bytes = typeof compared === "string" ? Buffer.from(compared, "utf8") : compared
  const digest = hash("sha256", Buffer.concat([secret, bytes]), "hex")
  return `${PREFIX}${digest}:${mark}`
}

/** Returns the `Entity.property` of an operand that is, or is spliced into, `text`. */
export function propertyOfOperand(text: string): string | undefined {
  const start = text.indexOf(PREFIX)
  if (start < 0) return undefined
  const [, mark = ""] = /^\w+:([\w-]*)/.exec(text.slice(start + PREFIX.length)) ?? []
  return Buffer.from(mark, "base64url").toString("utf8")
}
