import { once } from "node:events"

process.stderr.write("stuck\n")
const keptAlive = setInterval(() => undefined, 1000)

/** Never there, as behind a secret manager that does not answer. */
export const dataSource = once(process, "never").finally(() => {
  clearInterval(keptAlive)
})
