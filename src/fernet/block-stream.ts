/** What is used of node:crypto's `Cipheriv` and `Decipheriv`. */
export interface BlockTransform {
  update(blocks: Buffer): Buffer
}

/**
 * A cipher or decipher that lives as long as its key and is never finished: creating one costs more
 * than encrypting a hundred blocks with it. It must be given whole blocks, and add and hold back no padding, so
 * that nothing stays behind in it from one call to the next but the block to chain from.
 */
export class BlockStream {
  readonly #create: () => BlockTransform
  #current: BlockTransform | undefined

  constructor(create: () => BlockTransform) {
    this.#create = create
  }

  /**
   * Returns `blocks` encrypted or decrypted, in memory of their own.
   *
   * @throws Error if the output is not as long as the input
   */
  transform(blocks: Buffer): Buffer {
    const transform = this.#current ?? this.#create()
    // Put back only after success: one that threw or held bytes back would shift all that follows.
    this.#current = undefined
    const output = transform.update(blocks)
    if (output.length !== blocks.length) {
      throw new Error("AES-CBC returned another number of bytes than it was given.")
    }
    this.#current = transform
    return output
  }
}
