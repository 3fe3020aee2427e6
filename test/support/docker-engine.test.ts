import { once } from "node:events"
import { createServer as createHttpServer } from "node:http"
import { createServer, type AddressInfo, type Server } from "node:net"
import { afterEach, describe, expect, test } from "@jest/globals"
import { dockerAnswers } from "./docker-engine"

describe("dockerAnswers", () => {
  const before = process.env.DOCKER_HOST
  let server: Server | undefined

  afterEach(() => {
    if (before === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = before
    server?.close()
  })

  async function listen(engine: Server): Promise<void> {
    server = engine.listen(0, "127.0.0.1")
    await once(server, "listening")
    process.env.DOCKER_HOST = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  test("is true for an engine that answers a ping", async () => {
    await listen(createHttpServer((asked, response) => response.end(asked.url)))

    await expect(dockerAnswers(600_000)).resolves.toBe(true)
  })

  test("is false for a socket that is not there", async () => {
    process.env.DOCKER_HOST = "unix:///nonexistent/docker.sock"

    await expect(dockerAnswers()).resolves.toBe(false)
  })

  test("is false for an engine that accepts and never answers in time", async () => {
    await listen(createServer())

    await expect(dockerAnswers(10)).resolves.toBe(false)
  })
})
