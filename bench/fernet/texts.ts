/** Keys of no value, as many as the largest ring has. */
export const ringKeys: readonly string[] = Array.from(
  { length: 6 },
  (_, i) => `${Buffer.from(`Key ${i} of no value, in benchmarks`).toString("base64url")}=`,
)

/** Returns different texts of so many bytes each. */
export function textsOf(bytes: number, count = bytes > 1024 ? 4 : 64): readonly string[] {
  return Array.from({ length: count }, (_, i) =>
    `${i} Main Street, Springfield; `.repeat(Math.ceil(bytes / 20)).slice(0, bytes),
  )
}

/** Spells a number of bytes. */
export function describeSize(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${bytes / 1024} KiB`
}
