/** Says why something failed; what Node throws when no address answers has no message itself. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(", ")
  return error instanceof Error ? error.message : String(error)
}
