/** What is found, inserted and saved: five texts of the usual lengths. */
export interface Patient {
  id: number
  ssn: string
  email: string
  name: string
  address: string
  note: string
}

/** The columns besides the primary key, and how long their values are. */
export const texts = { ssn: 11, email: 24, name: 32, address: 48, note: 64 } as const
/** The name of a column besides the primary key. */
export type TextColumn = keyof typeof texts
/** Their names, the longest last. */
export const textColumns = Object.keys(texts) as readonly TextColumn[]

/** Returns the patient of a number, always the same. */
export function patientOf(id: number): Patient {
  const text = (column: TextColumn): string =>
    `${String(id).padStart(8, "0")} ${column}, of a patient whom nobody has ever met: `
      .padEnd(80, "lorem ipsum ")
      .slice(0, texts[column])
  return {
    id,
    ssn: text("ssn"),
    email: text("email"),
    name: text("name"),
    address: text("address"),
    note: text("note"),
  }
}

/** Returns the patients 1 to `count`. */
export function patients(count: number): readonly Patient[] {
  return Array.from({ length: count }, (_, i) => patientOf(i + 1))
}
