/** How long and on what the engine is measured. */
export interface FernetOptions {
  /** Bytes of plaintext. */
  readonly sizes: readonly number[]
  readonly rounds: number
  /** Processor time of one turn, in seconds. */
  readonly seconds: number
  /** Operations each way while the resident set is watched. */
  readonly operations: number
}
