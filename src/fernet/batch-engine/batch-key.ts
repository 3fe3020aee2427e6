/** A Fernet key as batches use it. */
export interface BatchKey {
  /** The states of its HMAC after the key blocks, as {@link BatchMachine.keyStates} returns them. */
  readonly states: Uint32Array
  /** Encrypts whole blocks, the first of them after what was encrypted last. */
  readonly encryptBlocks: (blocks: Buffer) => Buffer
  /** Decrypts whole blocks; what comes out of the first one depends on what was decrypted last. */
  readonly decryptBlocks: (blocks: Buffer) => Buffer
}
