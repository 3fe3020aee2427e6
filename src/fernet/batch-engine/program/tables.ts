import { type Code, i32, type Operand } from "../assembler/instructions"

/** Returns an entry's number in the table at an address. */
export function numberOf(entry: Operand, table: number): Code {
  return i32.load(i32.shl(entry, 2), table)
}

/** Writes an entry's number to the table at an address. */
export function setNumber(entry: Operand, table: number, value: Operand): Code {
  return i32.store(i32.shl(entry, 2), value, table)
}
