import { createRequire } from "node:module"

import type { Job, Opened } from "./apart"

/** What a module has whose contenders have a process each. */
interface Opener {
  openContender(job: Job): Opened | Promise<Opened>
}

const [, , path = ""] = process.argv

process.once("message", (job: Job) => {
  const opener = createRequire(__filename)(path) as Opener
  const opened = Promise.resolve(opener.openContender(job))
  process.on("message", () => {
    void opened.then((contender) => contender.sample()).then((sample) => process.send?.(sample))
  })
  process.once("disconnect", () => void opened.then((contender) => contender.close?.()))
})
