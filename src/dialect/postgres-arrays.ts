import type { Cell } from "./dialect"

const QUOTE = '"'

/**
 * A one-dimensional array of text as PostgreSQL spells it (manual, "Array Input and Output Syntax").
 * It is passed on as it came as long as it is not to be changed.
 */
export class ArrayLiteral {
  readonly text: string
  #elements: readonly string[] | undefined

  /** @param text - as the server spells it */
  constructor(text: string) {
    this.text = text
  }

  /** The elements as they are spelt. */
  get elements(): readonly string[] {
    return (this.#elements ??= splitLiteral(this.text))
  }

  /** The values of the elements. */
  values(): Cell[] {
    const { elements } = this
    return this.text.includes(QUOTE) ? elements.map(readElement) : elements.map(readPlain)
  }
}

/** Spells an array of elements that are spelt already. */
export function arrayOf(elements: readonly (string | undefined)[]): string {
  return `{${elements.join(",")}}`
}

/** Reads an element as the server spells it. */
export function readElement(element: string): Cell {
  if (!element.startsWith(QUOTE)) return readPlain(element)
  const text = element.slice(1, -1)
  return text.includes("\\") ? text.replace(/\\(.)/gs, "$1") : text
}

function readPlain(element: string): Cell {
  return element === "NULL" ? null : element
}

function splitLiteral(text: string): readonly string[] {
  if (text === "{}") return []
  if (!text.includes(QUOTE)) return text.slice(1, -1).split(",")
  const elements: string[] = []
  for (let start = 1; start < text.length;) {
    const end = text.startsWith(QUOTE, start) ? closingQuote(text, start) + 1 : comma(text, start)
    elements.push(text.slice(start, end))
    start = end + 1
  }
  return elements
}

/** Where an element without quotation marks ends. */
function comma(text: string, start: number): number {
  const end = text.indexOf(",", start)
  return end === -1 ? text.length - 1 : end
}

/** Within an element, a quotation mark has an odd number of backslashes before it. */
function closingQuote(text: string, opening: number): number {
  for (let at = opening; ;) {
    at = text.indexOf(QUOTE, at + 1)
    let backslashes = 0
    while (text[at - 1 - backslashes] === "\\") backslashes++
    if (backslashes % 2 === 0) return at
  }
}
