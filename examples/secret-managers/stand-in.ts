import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"

/** What a client sent. */
export interface Request {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What is sent back: an object as JSON, text as it is, and `"nothing"` never. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object | string
}

export type Answering = (request: Request) => Answer | "nothing"

/** A server in place of a service, which says what `answering` is set to. */
export interface StandIn {
  readonly port: number
  readonly url: string
  readonly requests: Request[]
  answering: Answering
  /** @throws what `answering` threw, for a request that is not as the protocol has it */
  close(): Promise<void>
}

export async function startStandIn(): Promise<StandIn> {
  const thrown: unknown[] = []
  const server = createServer((incoming, outgoing) => {
    const answering = text(incoming).then((body) => {
      const { method = "", url = "", headers } = incoming
      const request = { method, url: new URL(url, standIn.url), headers, body }
      standIn.requests.push(request)
      const answer = standIn.answering(request)
      if (answer === "nothing") return
      const type = typeof answer.body === "string" ? "text/plain" : "application/json"
      outgoing.writeHead(answer.status, { "content-type": type, ...answer.headers })
      outgoing.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body))
    })
    answering.catch((error: unknown) => {
      thrown.push(error)
      outgoing.destroy()
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const standIn: StandIn = {
    port,
    url: `http://127.0.0.1:${port}`,
    requests: [],
    answering: () => "nothing",
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, "close")
      for (const error of thrown) throw error
    },
  }
  return standIn
}
