import { ANY, type LeafPath } from "./json-path"

/** A value in the text of a document that one of its paths names, and that is not null. */
export interface LeafSpan {
  readonly path: LeafPath
  /** Where its JSON begins in the text, and the place after it. */
  readonly start: number
  readonly end: number
  /**
   * Whether an array stands where the path has a key: the path does not name the value, and would if it
   * had a `*` there.
   */
  readonly isMisplaced: boolean
}

/**
 * Finds the leaves of a document in its text, in their order. All else in the text can then stay as it
 * is, to the last digit and space.
 *
 * @param text - JSON, which nothing here looks after
 */
export function leafSpans(text: string, paths: readonly LeafPath[]): readonly LeafSpan[] {
  const scan = new Scan(text)
  scan.value(
    scan.blank(0),
    paths.map((path) => ({ path, depth: 0, isMisplaced: false })),
  )
  return scan.spans
}

/** Returns the text of a document with other JSON in place of some leaves. */
export function replaceSpans(
  text: string,
  spans: readonly LeafSpan[],
  replace: (leaf: string, span: LeafSpan) => string,
): string {
  let [replaced, at] = ["", 0]
  for (const span of spans) {
    replaced += text.slice(at, span.start) + replace(text.slice(span.start, span.end), span)
    at = span.end
  }
  return replaced + text.slice(at)
}

/** A path of which so many steps lie behind. */
interface Ahead {
  readonly path: LeafPath
  readonly depth: number
  readonly isMisplaced: boolean
}

/** Places in arrays are written as JavaScript writes them. */
const INDEX = /^(?:0|[1-9]\d*)$/

/** What a value is looked through for while it is passed over. */
const STRUCTURE = /["[\]{}]/g
const BLANK = /[^ \t\n\r]/g
const SCALAR_END = /[ \t\n\r,\]}]/g

class Scan {
  readonly spans: LeafSpan[] = []
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Looks through the value at a place. Returns the place after it. */
  value(start: number, ahead: readonly Ahead[]): number {
    const whole = ahead.find(({ path, depth }) => depth === path.steps.length)
    if (whole || ahead.length === 0) {
      const end = this.#endOf(start)
      if (whole && !this.#text.startsWith("null", start)) {
        this.spans.push({ path: whole.path, start, end, isMisplaced: whole.isMisplaced })
      }
      return end
    }
    if (this.#text[start] === "{") return this.#members(start, ahead)
    return this.#text[start] === "[" ? this.#elements(start, ahead) : this.#endOf(start)
  }

  /** The next place that is not blank. */
  blank(from: number): number {
    BLANK.lastIndex = from
    return BLANK.exec(this.#text)?.index ?? this.#text.length
  }

  #members(start: number, ahead: readonly Ahead[]): number {
    let at = this.blank(start + 1)
    while (this.#text[at] === '"') {
      const end = this.#stringEnd(at)
      const name = this.#text.slice(at, end)
      const key = name.includes("\\") ? (JSON.parse(name) as string) : name.slice(1, -1)
      at = this.value(this.blank(this.blank(end) + 1), ahead.flatMap(stepInto(key)))
      at = this.#next(at)
    }
    return at + 1
  }

  #elements(start: number, ahead: readonly Ahead[]): number {
    let at = this.blank(start + 1)
    for (let i = 0; at < this.#text.length && this.#text[at] !== "]"; i++) {
      at = this.value(at, ahead.flatMap(stepInto(String(i), true)))
      at = this.#next(at)
    }
    return at + 1
  }

  /** The place of the next member or element, or of what closes them. */
  #next(from: number): number {
    const at = this.blank(from)
    return this.#text[at] === "," ? this.blank(at + 1) : at
  }

  /** Without a call for each level: documents may be nested deeper than the stack is. */
  #endOf(start: number): number {
    if (this.#text[start] === '"') return this.#stringEnd(start)
    if (!"[{".includes(this.#text[start] ?? "")) {
      SCALAR_END.lastIndex = start
      return SCALAR_END.exec(this.#text)?.index ?? this.#text.length
    }
    let [at, depth] = [start, 0]
    do {
      STRUCTURE.lastIndex = at
      const found = STRUCTURE.exec(this.#text)
      if (!found) return this.#text.length
      at = found.index + 1
      if (found[0] === '"') at = this.#stringEnd(found.index)
      else depth += "[{".includes(found[0]) ? 1 : -1
    } while (depth > 0)
    return at
  }

  #stringEnd(start: number): number {
    let end = this.#text.indexOf('"', start + 1)
    while (end >= 0 && this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1)
    return end < 0 ? this.#text.length : end + 1
  }

  #isEscaped(at: number): boolean {
    let slashes = 0
    while (this.#text[at - 1 - slashes] === "\\") slashes++
    return slashes % 2 === 1
  }
}

/** Returns what is left of a path inside of a member or an element. */
function stepInto(key: string, isElement = false): (ahead: Ahead) => readonly Ahead[] {
  return (ahead) => {
    const step = ahead.path.steps[ahead.depth]
    if (step === ANY || step === key) return [{ ...ahead, depth: ahead.depth + 1 }]
    const isKey = isElement && step !== undefined && !INDEX.test(step)
    return isKey ? [{ ...ahead, isMisplaced: true }] : []
  }
}
