/** What every way of showing a sealed value shows. */
export const SEALED_TEXT = "[sealed]"

let shown = 0

/** Returns what is shown in place of a sealed value, and counts it. */
export function showSealed(): string {
  shown++
  return SEALED_TEXT
}

/**
 * How often a sealed value was shown as something else. Whoever makes a text of a document tells by it
 * that one was inside, of which the text holds no more than {@link SEALED_TEXT}.
 */
export function timesShown(): number {
  return shown
}
