/** Builds what a function returns once for each list of arguments: arbitraries are many, and costly. */
export function memoized<Arguments extends readonly (number | string)[], Result>(
  build: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  const built = new Map<string, Result>()
  return (...args) => {
    const id = args.join("\n")
    const known = built.get(id)
    if (known !== undefined) return known
    const result = build(...args)
    built.set(id, result)
    return result
  }
}
