import { keys } from "../support/keys"
import { referenceDigest } from "./reference"

/** The digest of one text, or of several together, by the formula alone: no code of the package runs. */
export function digestOf(
  context: string,
  text: string | readonly string[],
  { key = keys.first, bits = 128 }: { readonly key?: string; readonly bits?: number } = {},
): string {
  const values = [text].flat().map((one) => Buffer.from(one))
  return referenceDigest({ key, context, bits, values })
}
