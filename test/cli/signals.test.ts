import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"

import { until } from "../support/until"
import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { type Outcome, runCli, startCli } from "./run-cli"

const patients = 3000
const args = [
  "column:encrypt",
  ...["-d", "test/cli/clinic/data-source.js", "--entity", "Patient", "--batch", "100"],
]

let clinic: Clinic

beforeEach(() => {
  clinic = freshClinic(patients)
})

afterEach(() => {
  clinic.close()
})

function encrypted(): number {
  const [count] = clinic.pluck("SELECT count(*) FROM patient WHERE ssn LIKE 'gAAAAA%'")
  return Number(count)
}

async function stoppedBy(signal: NodeJS.Signals, ...more: readonly string[]): Promise<Outcome> {
  // It rests for so long after its first batch that nothing but the signal ends it
  const resting = [...args, "--pause", "600000", ...more]
  const { kill, ended } = await startCli(resting, clinic.environment)
  await until(() => encrypted() > 0)
  kill(signal)
  return ended
}

describe("a command on columns that is stopped", () => {
  test.each<[NodeJS.Signals, number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ])("finishes its batch on %s, and the next run does the rest", async (signal, exitCode) => {
    const { code, stdout, stderr } = await stoppedBy(signal)
    const first = encrypted()
    const next = await runCli([...args, "--json"], clinic.environment)

    expect(code).toBe(exitCode)
    expect(stdout).toContain("then stopped")
    expect(stderr).toContain("Finishing the batch in hand.")
    expect(stderr).toContain("Run the same command again to go on.")
    expect(first).toBe(100)
    expect(next.code).toBe(0)
    expect(JSON.parse(next.stdout)).toMatchObject({ tables: [{ changed: patients - first }] })
    expect(encrypted()).toBe(patients)
  })

  test("says so in its JSON", async () => {
    const { stdout, stderr } = await stoppedBy("SIGTERM", "--json")

    expect(JSON.parse(stdout)).toMatchObject({
      completed: false,
      interrupted: "SIGTERM",
      exitCode: 143,
      tables: [{ table: "patient", completed: false }],
    })
    expect(stderr).toContain('{"event":"stopped",')
  })

  test("ends at once on a second signal", async () => {
    const stuck = ["column:status", "-d", "test/cli/clinic/stuck-data-source.js"]
    const { kill, says, ended } = await startCli(stuck, clinic.environment)
    await says("stuck")
    kill("SIGTERM")
    await says("A second signal stops at once.")
    kill("SIGTERM")

    expect((await ended).code).toBe(143)
  })
})
