/**
 * All text that code can reach from a value without being told where to look: own properties, hidden
 * ones and symbols included, of objects, functions, collections and prototypes, and bytes in every
 * spelling. Getters are not called. More than `util.inspect` shows, and in linear time.
 */
export function reachableText(root: unknown): string {
  const seen = new Set<unknown>()
  const texts: string[] = []
  const queue: unknown[] = [root]
  while (queue.length > 0) {
    const value = queue.pop()
    if (typeof value === "string") texts.push(value)
    if (typeof value !== "object" && typeof value !== "function") continue
    if (value === null || value === globalThis || seen.has(value)) continue
    seen.add(value)
    if (value instanceof Uint8Array) texts.push(...spellings(value))
    else queue.push(...contents(value))
  }
  return texts.join("\n")
}

function contents(value: object): unknown[] {
  const inside: unknown[] = [Object.getPrototypeOf(value)]
  if (value instanceof Map) inside.push(...value.keys(), ...value.values())
  if (value instanceof Set) inside.push(...value)
  for (const key of Reflect.ownKeys(value)) {
    inside.push(key, Object.getOwnPropertyDescriptor(value, key)?.value)
  }
  return inside
}

function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [buffer.toString("latin1"), buffer.toString("base64"), buffer.toString("hex")]
}
