import assert from "node:assert/strict"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { test } from "node:test"

import type { DataSource } from "typeorm"

import { openDatabase } from "./accounts.ts"
import { expressApp } from "./express-app.ts"
import { nestApp } from "./nest-app.ts"

interface Answer {
  readonly status: number
  readonly text: string
}

async function answers(url: string, dataSource: DataSource): Promise<void> {
  const request = async (email?: unknown): Promise<Answer> => {
    const response = await fetch(`${url}/accounts`, {
      ...(email !== undefined && { method: "POST", body: JSON.stringify({ email }) }),
      headers: { "content-type": "application/json" },
    })
    return { status: response.status, text: await response.text() }
  }
  const marker = "marker-4711@example.com"

  assert.equal((await request(marker)).status, 201)
  const taken = await request(marker)
  const invalid = await request({ nested: marker })
  const [{ email: token }] = await dataSource.query("SELECT email FROM account")
  const copied = await request(token)
  await dataSource.query("UPDATE account SET email = 'damaged'")
  const unreadable = await request()

  assert.deepEqual(
    [taken.status, invalid.status, copied.status, unreadable.status],
    [409, 400, 400, 500],
  )
  for (const { text } of [taken, invalid, copied, unreadable]) {
    assert.doesNotMatch(text, /marker|gAAAAA|damaged|key/)
  }
}

test("Express answers errors of encrypted columns", async () => {
  const dataSource = await openDatabase()
  const server = expressApp(dataSource).listen(0)
  await once(server, "listening")
  await answers(`http://localhost:${(server.address() as AddressInfo).port}`, dataSource)
  server.close()
  await dataSource.destroy()
})

test("Nest answers errors of encrypted columns", async () => {
  const dataSource = await openDatabase()
  const app = await nestApp(dataSource)
  await app.listen(0)
  await answers(await app.getUrl(), dataSource)
  await app.close()
  await dataSource.destroy()
})
