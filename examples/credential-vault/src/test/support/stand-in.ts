import { EventEmitter, once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { text } from "node:stream/consumers"

import { atEnd } from "./at-end.js"

/** What a stand-in was asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What it answers, or nothing, and then the request hangs. */
export type Answering = (
  asked: Asked,
) =>
  | { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }
  | undefined

/** Stands for a provider, a camera or who takes webhooks: a server that notes what it is asked. */
export class StandIn {
  readonly asked: Asked[] = []
  readonly #told = new EventEmitter()

  private constructor(
    readonly url: string,
    public answer: Answering,
  ) {}

  static async start(answer: Answering = () => ({ status: 200 })): Promise<StandIn> {
    let standIn: StandIn | undefined
    const server = createServer(async (request, response) => {
      const { method = "", url: path = "", headers } = request
      const asked = { method, path, headers, body: await text(request) }
      const answered = standIn?.answer(asked)
      standIn?.asked.push(asked)
      standIn?.tell()
      if (answered) response.writeHead(answered.status, answered.headers).end(answered.body ?? "{}")
    })
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    atEnd(() => {
      server.close()
      server.closeAllConnections()
    })
    standIn = new StandIn(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, answer)
    return standIn
  }

  private tell(): void {
    this.#told.emit("asked")
  }

  /** Resolves when it was asked so often. */
  async times(count: number): Promise<readonly Asked[]> {
    while (this.asked.length < count) await once(this.#told, "asked")
    return this.asked
  }
}
