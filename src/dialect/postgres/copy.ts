/** What is used of a connection of `pg`. */
export interface PgWire {
  query(sql: string): void
}

/** What tells how a statement ended. */
type Callback = (error?: Error | null) => void

const SIGNATURE_BYTES = 11
const WORD_BYTES = 4

/**
 * A statement `COPY … TO STDOUT`, in the form that a client of `pg` takes statements of another kind
 * than its own in: it calls the methods as the server's messages come in.
 */
export class CopyOut {
  readonly #sql: string
  readonly #chunks: Buffer[] = []
  /** The client puts a function of its own here if the statement is given a time limit. */
  callback: Callback

  constructor(sql: string, callback: (error: unknown, bytes: Buffer) => void) {
    this.#sql = sql
    this.callback = (error) => {
      callback(error, Buffer.concat(this.#chunks))
    }
  }

  /** Begins: the client is free. */
  submit(wire: PgWire): void {
    wire.query(this.#sql)
  }

  /** Takes in a part of what comes. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    // The client reuses the memory it receives into
    this.#chunks.push(Buffer.from(chunk))
  }

  /** Ends: the client is free again. */
  handleReadyForQuery(): void {
    this.callback(null)
  }

  /** Ends: the statement failed, or the connection was lost. */
  handleError(error: Error): void {
    this.callback(error)
  }

  /** Does nothing. */
  handleCommandComplete(): void {
    // The client is not free yet
  }
}

/**
 * Takes the fields out of the only row of a COPY in binary format (manual, "COPY", "Binary Format").
 * NULL is `undefined`.
 */
export function copiedRow(bytes: Buffer): readonly (Buffer | undefined)[] {
  // Signature, flags, then an extension with its length before it
  const extension = SIGNATURE_BYTES + WORD_BYTES
  let at = extension + WORD_BYTES + bytes.readInt32BE(extension)
  const count = bytes.readInt16BE(at)
  at += 2
  return Array.from({ length: count }, () => {
    const length = bytes.readInt32BE(at)
    const start = at + WORD_BYTES
    at = start + Math.max(0, length)
    return length < 0 ? undefined : bytes.subarray(start, at)
  })
}
