import { describe, expect, test } from "@jest/globals"
import type { QueryRunner } from "typeorm"

import type { Worker } from "../../src/bulk/connection/worker"
import { checkOptions } from "../../src/bulk/options"
import { underLock } from "../../src/bulk/under-lock"
import type { BulkTable } from "../../src/dialect/dialect"
import type { Session } from "../../src/dialect/session"
import { keyring } from "../support/keys"
import { hastyWorker, sessionOf } from "./pass/patient-pass"
import { patientTable } from "./patient-table"

const table = { path: "patient" } as BulkTable

/** A worker of a database whose lock is free or taken, and notes of what becomes of it. */
async function lockingWorker({
  isFree = true,
  locksByTransaction = false,
  inTransaction = false,
  unlock = () => Promise.resolve(),
  isFreeAgain = isFree,
}: {
  readonly isFree?: boolean
  /** Whether it is once it was taken. */
  readonly isFreeAgain?: boolean
  readonly locksByTransaction?: boolean
  readonly inTransaction?: boolean
  readonly unlock?: () => Promise<void>
}): Promise<{ worker: Worker; notes: unknown[]; reconnect: () => Promise<void> }> {
  const session = await sessionOf(await patientTable([]))
  const notes: unknown[] = []
  const dialect: Session["dialect"] = {
    ...session.dialect,
    locksByTransaction,
    tryLock(_, { path }, part, isPart) {
      notes.push(["lock", path, part, isPart])
      const release = (): Promise<void> => {
        notes.push("unlock")
        return unlock()
      }
      const isTaken = notes.length > 1
      return Promise.resolve((isTaken ? isFreeAgain : isFree) ? release : undefined)
    },
  }
  const locking: Session = { ...session, dialect }
  let reconnected: (session: Session) => Promise<void> = () => Promise.resolve()
  const worker: Worker = {
    ...hastyWorker(locking),
    inTransaction,
    onReconnect(operation) {
      reconnected = operation
    },
  }
  return { worker, notes, reconnect: () => reconnected(locking) }
}

async function source(): Promise<Parameters<typeof underLock>[1]> {
  return (await patientTable([])).source
}

const run = (options = {}): Parameters<typeof underLock>[2] => ({
  table,
  options: checkOptions({ keyring, ...options }),
})

describe("a run under a lock", () => {
  test("does what it does while it has the table, and lets go of it", async () => {
    const { worker, notes } = await lockingWorker({})

    const result = await underLock(worker, await source(), run(), () => {
      notes.push("run")
      return Promise.resolve("done")
    })

    expect(result).toBe("done")
    expect(notes).toEqual([["lock", "patient", "0/1", false], "run", "unlock"])
  })

  test("lets go of it if the run fails, whose error it is though the unlocking fails too", async () => {
    const unlock = (): Promise<void> => Promise.reject(new Error("it is gone"))
    const { worker, notes } = await lockingWorker({ unlock })
    const reason = new Error("the run failed")

    const running = underLock(worker, await source(), run(), () => Promise.reject(reason))

    await expect(running).rejects.toBe(reason)
    expect(notes).toContain("unlock")
  })

  test("has its shard only", async () => {
    const { worker, notes } = await lockingWorker({ inTransaction: true })
    const options = { shard: { index: 1, count: 3 } }

    await underLock(worker, await source(), run(options), () => Promise.resolve())

    expect(notes[0]).toEqual(["lock", "patient", "1/3", true])
  })

  test("is refused while another run has it, and does nothing", async () => {
    const { worker, notes } = await lockingWorker({ isFree: false })

    const running = underLock(worker, await source(), run(), () => {
      notes.push("run")
      return Promise.resolve()
    })

    await expect(running).rejects.toMatchObject({
      code: "ERR_ALREADY_RUNNING",
      message: expect.stringMatching(/^Another run is at work on patient\./) as unknown,
    })
    expect(notes).toHaveLength(1)
  })

  test("takes the lock again on a connection that replaces one", async () => {
    const { worker, notes, reconnect } = await lockingWorker({})

    await underLock(worker, await source(), run(), reconnect)

    const lock = ["lock", "patient", "0/1", false]
    expect(notes).toEqual([lock, lock, "unlock"])
  })

  test("goes on without it where the server thinks that the lost connection still has it", async () => {
    const { worker, notes, reconnect } = await lockingWorker({ isFreeAgain: false })

    const result = await underLock(worker, await source(), run(), async () => {
      await reconnect()
      return "done"
    })

    expect(result).toBe("done")
    expect(notes).not.toContain("unlock")
  })
})

describe("a lock that only a transaction holds", () => {
  test("gives its connection back, whether or not the run fails", async () => {
    const { worker } = await lockingWorker({ locksByTransaction: true })
    const given = (await patientTable([])).source
    const createQueryRunner = given.createQueryRunner.bind(given)
    const opened = new Set<QueryRunner>()
    given.createQueryRunner = (...args) => {
      const runner = createQueryRunner(...args)
      const release = runner.release.bind(runner)
      runner.release = () => {
        opened.delete(runner)
        return release()
      }
      opened.add(runner)
      return runner
    }
    const openedWithin: number[] = []
    const note = (): Promise<void> => {
      openedWithin.push(opened.size)
      return Promise.resolve()
    }

    await underLock(worker, given, run(), note)
    const failing = underLock(worker, given, run(), async () => {
      await note()
      throw new Error("it failed")
    })

    await expect(failing).rejects.toThrow("it failed")
    expect(openedWithin).toEqual([1, 1])
    expect(opened.size).toBe(0)
  })

  test("is refused where there is no connection for it, and nothing is done", async () => {
    const { worker, notes } = await lockingWorker({ locksByTransaction: true })
    const full = (await patientTable([])).source
    full.createQueryRunner = () => {
      throw Object.assign(new Error("too many clients"), { code: "53300" })
    }

    const running = underLock(worker, full, run(), () => {
      notes.push("run")
      return Promise.resolve()
    })

    await expect(running).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_DATABASE",
      message: expect.stringMatching(/^patient is reached through a pooler.*`force`/) as unknown,
    })
    expect(notes).toEqual([])
  })

  test("is on a connection of its own, unless the run is in a transaction", async () => {
    const outside = await lockingWorker({ locksByTransaction: true })
    const inside = await lockingWorker({ locksByTransaction: true, inTransaction: true })

    for (const { worker } of [outside, inside]) {
      expect(await underLock(worker, await source(), run(), () => Promise.resolve(7))).toBe(7)
    }

    expect(outside.notes).toEqual([])
    expect(inside.notes).toEqual([["lock", "patient", "0/1", true], "unlock"])
  })
})
