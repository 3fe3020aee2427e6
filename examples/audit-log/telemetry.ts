import { metrics, trace } from "@opentelemetry/api"
import { type EventAttributes, onEvents } from "typeorm-fernet"

// #region telemetry
/** What a counter is told by: few values of each, and nobody's id. */
const COUNTED = ["db.collection.name", "db.operation.name", "error.type"]

/** Counts cells, and tells the span that is active what was done inside of it. */
export function observe(): () => void {
  const cells = metrics.getMeter("typeorm-fernet").createCounter("typeorm_fernet.cells")
  const count = (name: string, event: { cells: number; attributes: EventAttributes }) => {
    const attributes = Object.entries(event.attributes).filter(([key]) => COUNTED.includes(key))
    cells.add(event.cells, { "typeorm_fernet.event": name, ...Object.fromEntries(attributes) })
    trace.getActiveSpan()?.addEvent(`typeorm-fernet:${name}`, spanAttributes(event.attributes))
  }
  return onEvents({
    encrypt: (event) => count("encrypt", event),
    decrypt: (event) => count("decrypt", event),
    decryptFailed: (event) => count("decrypt.failed", event),
    plaintextRead: (event) => count("plaintext.read", event),
  })
}

function spanAttributes(attributes: EventAttributes): Record<string, number | string | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === "object" ? [...value] : value,
    ]),
  )
}
// #endregion
