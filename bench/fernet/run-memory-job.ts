import { Fernet } from "../../src/fernet/fernet"
import type { MemoryFigures, MemoryJob } from "./memory-job"
import { ringKeys, textsOf } from "./texts"

/** So few that nothing is collected meanwhile; the process is given room for it. */
const TRIED_AT_ONCE = 2000
const TRIES = 21

process.once("message", ({ direction, operations }: MemoryJob) => {
  const fernet = new Fernet(ringKeys[0] ?? "")
  const texts = textsOf(64)
  const tokens = texts.map((text) => fernet.encrypt(text))
  const work = (times: number): void => {
    for (let i = 0; i < times; i++) {
      if (direction === "encrypt") fernet.encrypt(texts[i % texts.length] ?? "")
      else fernet.decryptText(tokens[i % tokens.length] ?? "")
    }
  }
  process.send?.(operations > 0 ? watch(work, operations) : countAllocated(work), () => {
    process.disconnect()
  })
})

function countAllocated(work: (times: number) => void): MemoryFigures {
  work(100_000)
  return Array.from({ length: TRIES }, () => {
    global.gc?.()
    const before = used()
    work(TRIED_AT_ONCE)
    return (used() - before) / TRIED_AT_ONCE
  })
}

function used(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function watch(work: (times: number) => void, operations: number): MemoryFigures {
  return Array.from({ length: 10 }, () => {
    work(operations / 10)
    return process.memoryUsage.rss() / 2 ** 20
  })
}
