/** What one operation took on average. */
export interface Sample {
  /** Seconds of processor time, of all threads of the process. */
  readonly cpu: number
  /** Seconds on the wall clock. */
  readonly wall: number
}

/** One of several ways to do the same, which take turns. */
export interface Contender {
  readonly name: string
  /** Does it for a while. */
  sample(): Promise<Sample>
}
