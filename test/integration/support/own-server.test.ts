import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { askServer } from "../../support/postgres/ask-server"
import { startOwnServer } from "../../support/postgres/own-server"
import type { PostgresServer } from "../../support/postgres/postgres-server"
import { embeddedBinaries } from "../../support/postgres/server-binaries"

const ask = (url: string, sql: string) => askServer(url, sql, 60_000)

/** A copy as npm leaves it when it runs no install scripts, below a directory of mode 0700. */
function unlinkedBinaries(): string {
  const root = mkdtempSync(join(tmpdir(), "typeorm-fernet-unlinked-"))
  cpSync(embeddedBinaries().root, root, { recursive: true, verbatimSymlinks: true })
  for (const entry of readdirSync(join(root, "lib"), { withFileTypes: true })) {
    if (entry.isSymbolicLink()) rmSync(join(root, "lib", entry.name))
  }
  chmodSync(root, 0o700)
  return root
}

describe("startOwnServer", () => {
  let server: Omit<PostgresServer, "kind">

  beforeAll(async () => {
    server = await startOwnServer(embeddedBinaries(), false)
  })

  afterAll(async () => {
    await server.stop()
  })

  test("starts the version it reports", async () => {
    await expect(ask(server.url, "SELECT version()")).resolves.toContain(server.version)
  })

  test("stores UTF-8 whatever the locale of the machine", async () => {
    await expect(ask(server.url, "SHOW server_encoding")).resolves.toBe("UTF8")
    await expect(ask(server.url, "SELECT length('Möller 🔒')")).resolves.toBe("8")
  })

  test("listens on 127.0.0.1 and nowhere else", async () => {
    await expect(ask(server.url, "SHOW listen_addresses")).resolves.toBe("127.0.0.1")
    await expect(ask(server.url, "SHOW unix_socket_directories")).resolves.toBe("")
  })

  test("runs a second server beside the first", async () => {
    const second = await startOwnServer(embeddedBinaries(), false)

    expect(second.url).not.toBe(server.url)
    await second.stop()
  })

  test("leaves durability on for a benchmark", async () => {
    const durable = await startOwnServer(embeddedBinaries(), true)

    await expect(ask(durable.url, "SHOW fsync")).resolves.toBe("on")
    await durable.stop()
  })

  test("leaves neither server nor directory after stop(), which can be called twice", async () => {
    const stopped = await startOwnServer(embeddedBinaries(), false)
    const directory = dirname(await ask(stopped.url, "SHOW data_directory"))

    await stopped.stop()
    await stopped.stop()

    expect(existsSync(directory)).toBe(false)
    await expect(ask(stopped.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" })
  })

  test("repairs binaries without library links in a directory others cannot enter", async () => {
    const root = unlinkedBinaries()

    const repaired = await startOwnServer({ root, portable: true }, false)

    await expect(ask(repaired.url, "SELECT 1")).resolves.toBe("1")
    await repaired.stop()
    rmSync(root, { recursive: true })
  })

  test("says why binaries do not run", async () => {
    const nowhere = startOwnServer({ root: "/nonexistent", portable: false }, false)

    await expect(nowhere).rejects.toThrow("The PostgreSQL binaries in /nonexistent do not run as")
  })
})
