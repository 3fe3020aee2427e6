import { HASH_BLOCK_BYTES, MAC_BYTES } from "../token-mac"
import { AT, FIRST_WIPED, LANES, VECTOR_BYTES } from "./layout"
import { assembleProgram } from "./program/program"
import { initialState, roundConstants } from "./sha256-constants"
import { webAssembly } from "./web-assembly"

/** The functions of the program; each is described where it is defined. */
interface Program {
  readonly memory: { readonly buffer: ArrayBuffer }
  compress(): void
  absorb(a: number, b: number, c: number, d: number, blocks: number): void
  load(count: number): number
  verify(count: number, key: number): void
  gather(count: number, key: number, offset: number): number
  unpad(count: number): void
  pack(count: number): number
  renew(count: number): number
  begin(count: number, high: number, low: number): number
  scatter(count: number): void
  write(count: number): void
  place(count: number): number
  sign(count: number): void
}

/** Regions whose use depends on what a run is given. */
type GrowingRegion = "cipherInput" | "cipherOutput" | "slotBytes" | "text"

const WORD_BYTES = 4

/**
 * The program and its memory. A run is synchronous and runs no code of the caller, so that one memory
 * serves all; it is zero from the end of every run on, the constants apart.
 */
export class BatchMachine {
  readonly program: Program
  /** The memory as bytes. */
  readonly bytes: Buffer
  /** The memory as numbers of 32 bits. */
  readonly #numbers: Int32Array
  #used: Record<GrowingRegion, number> = nothing()
  #isRunning = false

  /**
   * @throws Error if there is no WebAssembly, or none with fixed-width SIMD
   */
  constructor() {
    const api = webAssembly()
    if (!api) throw new Error("There is no WebAssembly.")
    // The module is ours, and so is what it exports
    this.program = new api.Instance(new api.Module(assembleProgram())).exports as Program
    this.bytes = Buffer.from(this.program.memory.buffer)
    this.#numbers = new Int32Array(this.program.memory.buffer)
    this.#writeConstants()
  }

  /** Does something with the memory, which is wiped afterwards, however that ends. */
  run<T>(work: () => T): T {
    // A run that was terminated, as by the timeout of a vm, has wiped nothing
    if (this.#isRunning) this.#wipeAll()
    this.#isRunning = true
    let isDone = false
    try {
      const result = work()
      isDone = true
      return result
    } finally {
      if (isDone) this.#wipeUsed()
      else this.#wipeAll()
      this.#isRunning = false
    }
  }

  /** Notes that a region is used for so many bytes from its beginning. */
  use(region: GrowingRegion, length: number): void {
    // The last vector may reach beyond it
    this.#used[region] = Math.max(this.#used[region], length + HASH_BLOCK_BYTES)
  }

  /** Returns an entry's number in a table. */
  numberOf(entry: number, table: number): number {
    return this.#numbers[table / WORD_BYTES + entry] ?? 0
  }

  /** Writes an entry's number to a table. */
  setNumber(entry: number, table: number, value: number): void {
    this.#numbers[table / WORD_BYTES + entry] = value
  }

  /** Hashes and signs under a key from now on. */
  useKey(states: Uint32Array): void {
    this.#numbers.set(states, AT.keyStates / WORD_BYTES)
  }

  /**
   * Returns the states of SHA-256 after the inner and the outer key block of HMAC, 8 words each. They
   * are as secret as the key.
   */
  keyStates(innerBlock: Buffer, outerBlock: Buffer): Uint32Array {
    return this.run(() => {
      const states = new Uint32Array((2 * MAC_BYTES) / WORD_BYTES)
      states.set(this.#stateAfter(innerBlock))
      states.set(this.#stateAfter(outerBlock), MAC_BYTES / WORD_BYTES)
      return states
    })
  }

  #stateAfter(block: Buffer): readonly number[] {
    const initial = initialState()
    initial.forEach((word, i) => {
      this.setNumber(i * LANES, AT.state, word)
    })
    for (let i = 0; i < HASH_BLOCK_BYTES / WORD_BYTES; i++) {
      this.setNumber(i * LANES, AT.words, block.readInt32BE(i * WORD_BYTES))
    }
    this.program.compress()
    return initial.map((_, i) => this.numberOf(i * LANES, AT.state))
  }

  #writeConstants(): void {
    roundConstants().forEach((constant, round) => {
      for (let lane = 0; lane < LANES; lane++) {
        this.setNumber(round * LANES + lane, AT.roundConstants, constant)
      }
    })
    this.bytes.fill(0xff, AT.masks + VECTOR_BYTES, AT.masks + 2 * VECTOR_BYTES)
  }

  #wipeUsed(): void {
    this.bytes.fill(0, FIRST_WIPED, AT.text)
    for (const [region, length] of Object.entries(this.#used) as [GrowingRegion, number][]) {
      this.bytes.fill(0, AT[region], AT[region] + length)
    }
    this.#used = nothing()
  }

  #wipeAll(): void {
    this.bytes.fill(0, FIRST_WIPED)
    this.#used = nothing()
  }
}

function nothing(): Record<GrowingRegion, number> {
  return { text: 0, slotBytes: 0, cipherInput: 0, cipherOutput: 0 }
}
