import { type Channel, channel } from "node:diagnostics_channel"

interface Channels {
  readonly encrypt: Channel
  readonly decrypt: Channel
  readonly decryptFailed: Channel
  readonly plaintextRead: Channel
  readonly search: Channel
}

/** The channels of what is done with cells. */
export const channels: Channels = {
  encrypt: channel("typeorm-fernet:encrypt"),
  decrypt: channel("typeorm-fernet:decrypt"),
  decryptFailed: channel("typeorm-fernet:decrypt.failed"),
  plaintextRead: channel("typeorm-fernet:plaintext.read"),
  search: channel("typeorm-fernet:search"),
}

const { encrypt, decrypt, decryptFailed, plaintextRead, search } = channels

/** Whether anybody is told of what is read. */
export function areReadsTold(): boolean {
  return decrypt.hasSubscribers || decryptFailed.hasSubscribers
}

/** Whether anybody is told of anything that a statement does. */
export function areStatementsTold(): boolean {
  return (
    areReadsTold() ||
    encrypt.hasSubscribers ||
    plaintextRead.hasSubscribers ||
    search.hasSubscribers
  )
}
