import { AsyncLocalStorage } from "node:async_hooks"

const storage = new AsyncLocalStorage<string>()

/**
 * Does work for someone, whom the events of what is done inside name: the id of a user, the name of a job.
 * Whoever it is follows the asynchronous work that is begun inside, as `AsyncLocalStorage` has it. Inside,
 * work for another may be done by calling it again.
 *
 * @param actor - what tells who it is; not empty
 * @returns what the work returns
 * @throws TypeError if the actor is no text, or empty
 *
 * @example
 * ```ts
 * app.use((request, _, next) => runWithActor(request.user.id, next))
 * ```
 */
export function runWithActor<Result>(actor: string, work: () => Result): Result {
  if (typeof (actor as unknown) !== "string" || actor === "") {
    throw new TypeError("An actor is a text that is not empty.")
  }
  return storage.run(actor, work)
}

/** Returns who work is being done for, as {@link runWithActor} was told; `undefined` for nobody known. */
export function currentActor(): string | undefined {
  return storage.getStore()
}
