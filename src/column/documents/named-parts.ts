import { ANY, type LeafPath, type PathStep } from "./json-path"

/** A step into a document: a key, a place in an array, or, where that is not known, `undefined`. */
export type Step = string | undefined

/** What a part of a document is to the paths to its leaves. */
export type NamedPart =
  /** Neither encrypted nor around anything that is. */
  | { readonly is: "plain" }
  /** Encrypted, or within a value that is. */
  | { readonly is: "leaf"; readonly path: LeafPath }
  /** Around a leaf. */
  | { readonly is: "container"; readonly path: LeafPath }

/** Says what the part of a document is that some steps lead to. */
export function namedPart(steps: readonly Step[], paths: readonly LeafPath[]): NamedPart {
  const met = paths.filter((path) => path.steps.every((step, i) => meets(step, steps, i)))
  const leaf = met.find((path) => path.steps.length <= steps.length)
  if (leaf) return { is: "leaf", path: leaf }
  return met[0] ? { is: "container", path: met[0] } : { is: "plain" }
}

function meets(step: PathStep, steps: readonly Step[], i: number): boolean {
  return i >= steps.length || step === ANY || steps[i] === undefined || step === steps[i]
}

/**
 * Returns a path that a pattern asks for, of a document that is to contain it. What is null in a pattern
 * is null in the document as well, and elements of arrays may stand anywhere.
 */
export function pathAskedFor(
  pattern: unknown,
  paths: readonly LeafPath[],
  within: readonly Step[] = [],
): LeafPath | undefined {
  if (pattern === null || pattern === undefined) return undefined
  const part = namedPart(within, paths)
  if (part.is === "leaf") return part.path
  if (part.is === "plain" || typeof pattern !== "object") return undefined
  const members: readonly (readonly [Step, unknown])[] = Array.isArray(pattern)
    ? pattern.map((element: unknown) => [undefined, element] as const)
    : Object.entries(pattern)
  for (const [step, member] of members) {
    const path = pathAskedFor(member, paths, [...within, step])
    if (path) return path
  }
  return undefined
}
