import { once } from "node:events"
import { connect, createServer, type AddressInfo, Socket } from "node:net"

import { jest } from "@jest/globals"

/** A way to a server that can be cut. */
export interface Line {
  /** The server's URL by this way. */
  readonly url: string
  /** Cuts all connections, and refuses new ones until so many were tried. */
  cut(refusals: number): Promise<void>
  close(): Promise<void>
}

/** Opens a way to a server that passes through this process. */
export async function openLine(serverUrl: string): Promise<Line> {
  const url = new URL(serverUrl)
  const [host, port] = [url.hostname, Number(url.port || "3306")]
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, host)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on("error", () => undefined)
      socket.on("close", () => {
        near.destroy()
        far.destroy()
        sockets.delete(socket)
      })
    }
    near.pipe(far).pipe(near)
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  const own = (server.address() as AddressInfo).port
  url.port = String(own)
  const cut = async (): Promise<void> => {
    const closed = once(server.close(), "close")
    for (const socket of sockets) socket.resetAndDestroy()
    await closed
  }
  return {
    url: url.href,
    cut: async (refusals) => {
      const refused = refusedAt(own, refusals)
      await cut()
      await refused
      await once(server.listen(own, "127.0.0.1"), "listening")
    },
    close: cut,
  }
}

/** Resolves when this process was refused so many connections to a port. */
function refusedAt(port: number, times: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0
    const real = Reflect.get(Socket.prototype, "connect") as (...args: unknown[]) => Socket
    const spy = jest.spyOn(Socket.prototype, "connect").mockImplementation(function (
      this: Socket,
      ...args: unknown[]
    ) {
      this.on("error", (error: Error & { readonly code?: string; readonly port?: number }) => {
        if (error.code !== "ECONNREFUSED" || error.port !== port || ++seen !== times) return
        spy.mockRestore()
        resolve()
      })
      return Reflect.apply<Socket, unknown[], Socket>(real, this, args)
    })
  })
}
