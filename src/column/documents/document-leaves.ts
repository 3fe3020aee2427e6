import { ANY, type LeafPath } from "./json-path"

/**
 * Returns a document with other values in place of its leaves, those that are null excepted. The
 * document stays as it is; what is not on the way to a leaf, both have in common.
 */
export function replaceLeaves(
  document: unknown,
  paths: readonly LeafPath[],
  replace: (leaf: unknown, path: LeafPath) => unknown,
): unknown {
  return paths.reduce(
    (replaced, path) => replaceIn(replaced, path, 0, (leaf) => replace(leaf, path)),
    document,
  )
}

/** Returns the leaves of a document, without those that are null. */
export function leavesIn(document: unknown, paths: readonly LeafPath[]): readonly unknown[] {
  const leaves: unknown[] = []
  replaceLeaves(document, paths, (leaf) => {
    leaves.push(leaf)
    return leaf
  })
  return leaves
}

function replaceIn(
  value: unknown,
  path: LeafPath,
  depth: number,
  replace: (leaf: unknown) => unknown,
): unknown {
  if (value === null || value === undefined) return value
  const step = path.steps[depth]
  if (step === undefined) return replace(value)
  if (typeof value !== "object") return value
  const members = value as Readonly<Record<string, unknown>>
  let copy: Record<string, unknown> | undefined
  // Of a document that was read, every key is its own: an assignment meets no setter
  for (const key of step === ANY ? Object.keys(members) : keyIn(members, step)) {
    const replaced = replaceIn(members[key], path, depth + 1, replace)
    if (replaced === members[key]) continue
    copy ??= (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<
      string,
      unknown
    >
    copy[key] = replaced
  }
  return copy ?? value
}

function keyIn(members: object, key: string): readonly string[] {
  const isThere = Object.hasOwn(members, key) && !(Array.isArray(members) && key === "length")
  return isThere ? [key] : []
}
