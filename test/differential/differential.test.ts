import { expect, test } from "@jest/globals"

import { eachDatabase } from "../support/databases"
import { typeormUnderTest } from "../support/typeorm-version"
import { runCampaign } from "./run/campaign"

const CASES = Number(process.env.DIFFERENTIAL_CASES ?? 2_000)

/** In memory, SQLite does more cases in a second than a server does in eight. */
const ON_SERVERS = 1 / 8

// The number of a scheduled run is larger than what fast-check tells apart
const seed = Number(process.env.DIFFERENTIAL_SEED ?? 20_261_126) % 2 ** 31
const LONGEST_MS = 24 * 60 * 60 * 1_000

eachDatabase("an encrypted model and the same in plaintext", (db) => {
  test(
    "answer alike, and leave equal tables, or the encrypted one refuses before it sends anything",
    async () => {
      const { version } = typeormUnderTest()
      const { differences, cases, answered, refused, threw } = await runCampaign({
        database: db.name,
        typeorm: version,
        connection: () =>
          db.name === "SQLite" ? { type: "better-sqlite3", database: ":memory:" } : db.options(),
        seed,
        cases: CASES,
        share: db.name === "SQLite" ? 1 : ON_SERVERS,
      })

      process.stdout.write(
        `${db.name}, TypeORM ${version}, DIFFERENTIAL_SEED=${seed}: ${cases} cases, of whose ` +
          `operations ${answered} were answered, ${refused} refused and ${threw} failed alike; ` +
          `${differences.length} batches with a difference\n`,
      )
      expect(differences).toEqual([])
      // Who refuses everything differs in nothing; of strings in random spelling, many are refused
      expect(answered * 2).toBeGreaterThan(refused)
    },
    LONGEST_MS,
  )
})
