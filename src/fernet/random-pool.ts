import { randomFillSync } from "node:crypto"
import { startupSnapshot } from "node:v8"

import { BLOCK_BYTES } from "./token-scratch"

const POOL_BYTES = 256 * BLOCK_BYTES

/**
 * Random blocks, drawn from the operating system 256 at a time, since a draw costs far more than
 * its bytes do. A block leaves the pool when it is taken: it is never given out twice, and what is
 * left in memory tells nothing about it.
 */
export class RandomPool {
  // Filled as bytes and read as words: Node 24 miscompiles a hot randomFillSync of a DataView
  readonly #bytes = new Uint8Array(POOL_BYTES)
  readonly #words = new DataView(this.#bytes.buffer)
  readonly #fill: (bytes: Uint8Array<ArrayBuffer>) => void
  #taken = POOL_BYTES

  /** @param fill - overwrites all bytes with random ones; a parameter so that tests can watch */
  constructor(fill: (bytes: Uint8Array<ArrayBuffer>) => void = randomFillSync) {
    this.#fill = fill
    if (startupSnapshot.isBuildingSnapshot()) {
      startupSnapshot.addSerializeCallback(() => {
        this.drop()
      })
    }
  }

  /** Forgets what it holds: every process restored from one snapshot would give out the same blocks. */
  drop(): void {
    this.#bytes.fill(0)
    this.#taken = POOL_BYTES
  }

  /** Moves 16 random bytes to `target` at `start`. */
  takeBlock(target: DataView, start: number): void {
    if (this.#taken === POOL_BYTES) {
      this.#fill(this.#bytes)
      this.#taken = 0
    }
    for (let offset = 0; offset < BLOCK_BYTES; offset += 4) {
      target.setUint32(start + offset, this.#words.getUint32(this.#taken + offset))
      this.#words.setUint32(this.#taken + offset, 0)
    }
    this.#taken += BLOCK_BYTES
  }
}
