import type { Codec, TextCodec } from "../../src/column/codec"

/** The text that a codec puts inside a token. */
export function plaintextOf(codec: Codec | TextCodec, value: unknown): string {
  const plaintext = codec.encode(value)
  return typeof plaintext === "string" ? plaintext : Buffer.from(plaintext).toString("utf8")
}

/** The value that comes out of a token whose text another program wrote. */
export function valueOf(codec: Codec | TextCodec, plaintext: string): unknown {
  return "decodeText" in codec
    ? codec.decodeText(plaintext)
    : codec.decode(Buffer.from(plaintext, "utf8"))
}

/** The message with which something is refused. */
export function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  throw new Error("nothing was refused")
}
