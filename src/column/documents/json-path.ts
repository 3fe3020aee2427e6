/**
 * Where in a JSON document something is. In a text, dots stand between keys, `*` is every member of an
 * object or every element of an array, and a number is a place in an array, as in
 * `"actions.*.token"`; `\.`, `\*` and `\\` are these characters themselves. In a list, every text is a
 * key as it stands, as in `["x.y", "*", "token"]`, and only `"*"` is more than that.
 */
export type JsonPath = string | readonly string[]

/** Every member of an object, or every element of an array. */
export const ANY: unique symbol = Symbol("any")

/** One step of a path: a key, a place in an array, or any of them. */
export type PathStep = string | typeof ANY

/** A path, taken apart. */
export interface LeafPath {
  /** As a message names it. */
  readonly label: string
  readonly steps: readonly [PathStep, ...PathStep[]]
}

/** Returns paths that were validated, taken apart. */
export function leafPaths(paths: readonly JsonPath[] = []): readonly LeafPath[] {
  return paths.flatMap((path) => {
    const steps = typeof path === "string" ? stepsOfText(path) : path.map(stepOfList)
    const [first, ...others] = typeof steps === "string" ? [] : steps
    return first === undefined ? [] : [{ label: labelOf(path), steps: [first, ...others] }]
  })
}

/** Returns a path as it may be declared. */
export function declaredPath({ label, steps }: LeafPath): JsonPath {
  const asText = stepsOfText(label)
  const isSame = typeof asText !== "string" && steps.every((step, i) => asText[i] === step)
  // A list has no other way to say `*` than as every key, and a text none to say an empty key
  return isSame ? label : steps.map((step) => (step === ANY ? "*" : step))
}

/** Returns what is wrong with declared paths, each worded to follow the column's name. */
export function pathsMisuse(paths: unknown): readonly string[] {
  if (!Array.isArray(paths) || paths.length === 0) {
    return ["has paths that are no list of paths; to encrypt the whole document, leave them out"]
  }
  const given = paths as readonly unknown[]
  const problems = given.flatMap((path) => pathMisuse(path) ?? [])
  return problems.length > 0 ? problems : overlaps(leafPaths(given as readonly JsonPath[]))
}

function pathMisuse(path: unknown): string | undefined {
  if (Array.isArray(path)) {
    const isList = path.length > 0 && path.every((key) => typeof key === "string")
    return isList ? undefined : "has a path that is a list, and no list of keys"
  }
  if (typeof path !== "string") return "has a path that is neither a text nor a list of keys"
  const problem = stepsOfText(path)
  if (typeof problem !== "string") return undefined
  return path === "" ? `has a path that ${problem}` : `has the path ${path}, which ${problem}`
}

/** Names the same twice: what one path encrypts, another would look into, or encrypt once more. */
function overlaps(paths: readonly LeafPath[]): readonly string[] {
  return paths.flatMap((path, i) =>
    paths.slice(i + 1).flatMap((other) => {
      if (!meet(path, other)) return []
      const [outer, inner] = path.steps.length <= other.steps.length ? [path, other] : [other, path]
      if (outer.steps.length < inner.steps.length) {
        return [`has the path ${inner.label}, which lies inside of what ${outer.label} encrypts`]
      }
      return outer.label === inner.label
        ? [`has the path ${inner.label} twice`]
        : [`has the paths ${outer.label} and ${inner.label}, which name the same`]
    }),
  )
}

function meet(one: LeafPath, other: LeafPath): boolean {
  const length = Math.min(one.steps.length, other.steps.length)
  return one.steps
    .slice(0, length)
    .every((step, i) => step === ANY || other.steps[i] === ANY || step === other.steps[i])
}

function stepOfList(key: string): PathStep {
  return key === "*" ? ANY : key
}

const NO_DOTS = "says nothing between two dots, or before or after one"

/** Returns the steps of a path in a text, or what is wrong with it. */
function stepsOfText(path: string): readonly PathStep[] | string {
  if (path === "") return "is empty; to encrypt the whole document, leave paths out"
  if (path.startsWith("/")) return "is a JSON pointer; put dots between its keys"
  if (/^\$(?:[.[]|$)/.test(path)) return "begins with $; paths begin below the document"
  const steps: PathStep[] = []
  let [key, isEscaped] = ["", false]
  for (let i = 0; i <= path.length; i++) {
    const character = path[i]
    if (character === undefined || character === ".") {
      if (key === "" && !isEscaped) return NO_DOTS
      steps.push(key === "*" && !isEscaped ? ANY : key)
      ;[key, isEscaped] = ["", false]
    } else if (character === "\\") {
      const escaped = path[++i]
      if (escaped === undefined || !"\\.*".includes(escaped)) {
        return "has a \\ that is not before a dot, a * or another \\"
      }
      key += escaped
      isEscaped = true
    } else if ("[]".includes(character)) {
      return "has brackets; write a.*.b or a.0.b, or the path as a list of keys"
    } else if (character === "*" && !isWholeStep(path, i)) {
      return "has a * beside other characters; write \\* for the character"
    } else {
      key += character
    }
  }
  return steps
}

function isWholeStep(path: string, at: number): boolean {
  return [path[at - 1], path[at + 1]].every((beside) => beside === undefined || beside === ".")
}

function labelOf(path: JsonPath): string {
  return typeof path === "string" ? path : path.map(escaped).join(".")
}

function escaped(key: string): string {
  return key === "*" ? key : key.replaceAll(/[\\.*]/g, "\\$&")
}
