import { constants } from "node:os"

/** Turns the first SIGINT or SIGTERM into an abort, and lets the second end the process. */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #onFirst: () => void
  #received: "SIGINT" | "SIGTERM" | undefined

  /** @param onFirst - called with the first of them */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst
    process.on("SIGINT", this.#receive)
    process.on("SIGTERM", this.#receive)
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The first signal, once there was one. */
  get received(): "SIGINT" | "SIGTERM" | undefined {
    return this.#received
  }

  /** Leaves further signals to Node. */
  close(): void {
    process.off("SIGINT", this.#receive)
    process.off("SIGTERM", this.#receive)
  }

  readonly #receive = (name: "SIGINT" | "SIGTERM"): void => {
    if (this.#received) process.exit(signalExitCode(name))
    this.#received = name
    this.#onFirst()
    this.#controller.abort()
  }
}

/** Returns the exit code of a process that a signal ended, as shells give it: 130 for SIGINT. */
export function signalExitCode(name: "SIGINT" | "SIGTERM"): number {
  return 128 + constants.signals[name]
}
