/** The names of a type's properties; the compiler sees that none is left out, and none made up. */
export type OptionNames<Options> = Readonly<Record<keyof Required<Options>, true>>

/** Names further apart than so much of their length are different words, not misspelt ones. */
const CLOSE = 1 / 3

/**
 * Returns what is wrong with the names of options, each worded to follow "has an" or "was given an".
 * An option that is misspelt would be passed over in silence, and with it what it was to prevent.
 */
export function unknownOptions(given: object, known: Readonly<Record<string, true>>): string[] {
  const names = Object.keys(known)
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(known, name))
    .map((name) => {
      const nearest = nearestName(name, names)
      const advice = nearest ? `did you mean ${nearest}?` : `there are ${names.join(", ")}`
      return `unknown option ${name} (${advice})`
    })
}

/** Returns the name that a misspelt one was most likely to be, if there is such a name. */
export function nearestName(misspelt: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, edits: editsBetween(misspelt.toLowerCase(), name.toLowerCase()) }))
    .filter(
      ({ name, edits }) => edits <= Math.max(1, Math.max(name.length, misspelt.length) * CLOSE),
    )
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.name
}

/** Letters to insert, leave out, replace or swap with the next one, to make one word the other. */
function editsBetween(one: string, other: string): number {
  let before: readonly number[] = []
  let row: readonly number[] = Array.from({ length: other.length + 1 }, (_, j) => j)
  const at = (cells: readonly number[], j: number): number => cells[j] ?? Infinity
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = at(row, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1)
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swapped = isSwap ? at(before, j - 2) + 1 : Infinity
      next.push(Math.min(replaced, at(row, j) + 1, at(next, j - 1) + 1, swapped))
    }
    before = row
    row = next
  }
  return at(row, other.length)
}
