import { randomFillSync } from "node:crypto"

import { BLOCK_BYTES } from "./token-scratch"

const POOL_BYTES = 256 * BLOCK_BYTES

/**
 * Random blocks, drawn from the operating system 256 at a time, since a draw costs far more than
 * its bytes do. A block leaves the pool when it is taken: it is never given out twice, and what is
 * left in memory tells nothing about it.
 */
export class RandomPool {
  readonly #bytes = new DataView(new ArrayBuffer(POOL_BYTES))
  readonly #fill: (bytes: DataView<ArrayBuffer>) => void
  #taken = POOL_BYTES

  /** @param fill - overwrites all bytes with random ones; a parameter so that tests can watch */
  constructor(fill: (bytes: DataView<ArrayBuffer>) => void = randomFillSync) {
    this.#fill = fill
  }

  /** Moves 16 random bytes to `target` at `start`. */
  takeBlock(target: DataView, start: number): void {
    if (this.#taken === POOL_BYTES) {
      this.#fill(this.#bytes)
      this.#taken = 0
    }
    for (let offset = 0; offset < BLOCK_BYTES; offset += 4) {
      target.setUint32(start + offset, this.#bytes.getUint32(this.#taken + offset))
      this.#bytes.setUint32(this.#taken + offset, 0)
    }
    this.#taken += BLOCK_BYTES
  }
}
