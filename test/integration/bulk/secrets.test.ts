import { inspect } from "node:util"

import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, rotateColumns, Keyring } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { RecordingLogger } from "../../support/recording-logger"
import { createPatients, patients } from "./patients"

const secret = "078-05-1120 it's secret"

eachDatabase("a bulk command", (db) => {
  let source: DataSource
  let logger: RecordingLogger

  beforeEach(async () => {
    await createPatients(db, [[secret, secret]])
    logger = new RecordingLogger()
    source = await db.connect({ logger, logging: "all" })
  })

  /** Everything an error carries, whoever prints it. */
  async function tracesOf(failing: Promise<unknown>): Promise<string> {
    const error = await failing.then(
      () => "no error",
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Error)
    const { message, stack, cause } = error as Error
    return inspect([error, message, stack, cause, JSON.stringify(error)], {
      depth: Infinity,
      showHidden: true,
    })
  }

  test("shows TypeORM's logger neither plaintext nor tokens nor keys", async () => {
    const both = new Keyring([keys.second, keys.first])

    await encryptColumns(source, patients, { keyring })
    await rotateColumns(source, patients, { keyring: both })
    await decryptColumns(source, patients, { keyring: both })
    const runner = source.createQueryRunner()
    await encryptColumns(runner, patients, { keyring })
    await runner.release()

    const logged = inspect(logger.statements, { depth: Infinity, maxStringLength: Infinity })
    expect(logged).not.toMatch(/078-05|it's secret|gAAAAA\w/)
    expect(logged).not.toContain(keys.first)
  })

  test("lists no value of a row that a constraint refuses, nor throws one", async () => {
    if (db.name === "SQLite") return
    await db.rawRows("ALTER TABLE patient ADD CONSTRAINT short CHECK (length(ssn) < 30)")

    const report = await encryptColumns(source, patients, { keyring })
    const traces = await tracesInMigration()

    for (const shown of [JSON.stringify(report), traces]) {
      expect(shown).toContain("short")
      expect(shown).not.toMatch(/078-05|secret'|gAAAAA/)
    }
  })

  async function tracesInMigration(): Promise<string> {
    const runner = source.createQueryRunner()
    try {
      return await tracesOf(encryptColumns(runner, patients, { keyring }))
    } finally {
      await runner.release()
    }
  }

  test("lists no value that a trigger quotes, nor throws one", async () => {
    if (db.name === "PostgreSQL") {
      await db.rawRows(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS " +
          "$$ BEGIN RAISE EXCEPTION 'not % to %', OLD.ssn, NEW.ssn; END $$",
      )
      await db.rawRows(
        "CREATE TRIGGER refuse BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION refuse()",
      )
    } else if (db.name === "MariaDB") {
      await db.rawRows(
        "CREATE TRIGGER refuse BEFORE UPDATE ON patient FOR EACH ROW BEGIN " +
          "DECLARE said varchar(128) DEFAULT concat('not ', OLD.ssn); " +
          "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = said; END",
      )
    } else {
      await db.rawRows(
        "CREATE TRIGGER refuse BEFORE UPDATE ON patient BEGIN SELECT RAISE(ABORT, 'not 078-05'); END",
      )
    }

    const report = await encryptColumns(source, patients, { keyring })
    const traces = await tracesInMigration()

    for (const shown of [JSON.stringify(report), traces]) {
      expect(shown).toContain("the database refuses its row")
      expect(shown).not.toMatch(/078-05|secret'|gAAAAA/)
    }
  })

  test("throws no value that a condition could not compare", async () => {
    const where = {
      PostgreSQL: "t.ssn::int > 1",
      MariaDB: "extractvalue(1, concat(0x7e, t.ssn)) = 1",
      SQLite: "json(t.ssn) = 1",
    }[db.name]

    const traces = await tracesOf(encryptColumns(source, patients, { keyring, where }))

    expect(traces).not.toContain("078-05")
  })
})
