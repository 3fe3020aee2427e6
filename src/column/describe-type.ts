import { isDate, isUint8Array } from "node:util/types"

/** Names the type of a value for an error message, without a trace of the value itself. */
export function describeType(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return "an array"
  if (isDate(value)) return "a Date"
  if (isUint8Array(value)) return "bytes"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}
