import { after } from "node:test"

const undo: (() => unknown)[] = []

// Registered when this is loaded: inside of a hook it would be the hook's end that it waits for
after(async () => {
  for (const one of undo.reverse()) await one()
})

/** Has something undone when the test file ends, the last first. */
export function atEnd(work: () => unknown): void {
  undo.push(work)
}
