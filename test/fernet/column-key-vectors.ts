import { readText } from "../docs/regions"

/** One line of the table of test vectors in docs/keys.md. */
export interface ColumnKeyVector {
  readonly context: readonly string[]
  readonly derived: string
}

/** The key that the vectors are derived from: 32 bytes, 0 to 31. */
export const VECTOR_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/** The published test vectors. */
export const columnKeyVectors: readonly ColumnKeyVector[] = [
  ...readText("docs/keys.md").matchAll(/^\| (`.+`) +\| `([\w-]{43}=)` \|$/gm),
].map(([, parts = "", derived = ""]) => ({
  context: parts.split(", ").map((part) => part.trim().slice(1, -1)),
  derived,
}))
