import "reflect-metadata"

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import type { INestApplication } from "@nestjs/common"
import { Test } from "@nestjs/testing"
import { DataSource } from "typeorm"
import { generateKey } from "typeorm-fernet"
import { encryptionHealth } from "typeorm-fernet/nestjs"

import { AppModule } from "./app.module.js"
import { HealthModule } from "./health.module.js"

let application: INestApplication
let url: string

const get = async (path: string) => {
  const response = await fetch(`${url}/${path}`)
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

before(async () => {
  process.env.ENCRYPTION_KEY = generateKey()
  const module = await Test.createTestingModule({ imports: [AppModule, HealthModule] }).compile()
  application = module.createNestApplication({ logger: false })
  await application.listen(0, "127.0.0.1")
  url = await application.getUrl()
})

after(() => application.close())

test("an application with keys and a database is up", async () => {
  const up = { encryption: { status: "up" } }

  const terminus = await get("health")
  assert.deepEqual([terminus.status, terminus.body.details], [200, up])
  assert.deepEqual(await get("ready"), { status: 200, body: up })
})

test("a check of one's own decides, and its message is not shown", async () => {
  const dataSource = application.get(DataSource)
  const marker = "marker 4711"

  const down = await encryptionHealth(dataSource, {
    key: "cells",
    check: () => Promise.reject(Object.assign(new Error(marker), { code: "ERR_KEY_MISSING" })),
  })

  assert.deepEqual(down, { cells: { status: "down", reason: "ERR_KEY_MISSING" } })
})

test("an application without a database is down", async () => {
  await application.get(DataSource).destroy()

  const terminus = await get("health")
  const ready = await get("ready")

  assert.equal(terminus.status, 503)
  assert.match(JSON.stringify(terminus.body), /"encryption":\{"status":"down","reason":"\w+"\}/)
  assert.equal(ready.status, 503)
  assert.match(JSON.stringify(ready.body), /"encryption":\{"status":"down","reason":"\w+"\}/)
})
