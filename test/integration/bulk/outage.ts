import { once } from "node:events"
import { connect, createServer, type AddressInfo, Socket } from "node:net"

import { jest } from "@jest/globals"

/** A way to a server that can be cut. */
export interface Line {
  /** The server's URL by this way. */
  readonly url: string
  /** Cuts all connections, and refuses new ones until so many were tried. */
  cut(refusals: number): Promise<void>
  /** Cuts all connections, and so many new ones as soon as they have logged in. */
  cutAfterLogin(times: number): Promise<void>
  close(): Promise<void>
}

/** Opens a way to a server that passes through this process. */
export async function openLine(serverUrl: string): Promise<Line> {
  const url = new URL(serverUrl)
  const [host, port] = [url.hostname, Number(url.port || "3306")]
  const sockets = new Set<Socket>()
  const cutting = { left: 0, done: (): void => undefined }
  // PostgreSQL says that it is ready; the second answer of MySQL is that the password was right
  const isLoggedIn = (bytes: Buffer, answers: number): boolean =>
    url.protocol.startsWith("postgres") ? bytes.includes("Z\0\0\0\x05I") : answers === 2
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
    let answers = 0
    far.on("data", (bytes: Buffer) => {
      answers++
      if (cutting.left === 0 || !isLoggedIn(bytes, answers)) return
      if (--cutting.left === 0) cutting.done()
      // What was written is read first
      near.unpipe()
      far.unpipe()
      near.end()
      far.destroy()
    })
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
    cutAfterLogin: (times) =>
      new Promise((resolve) => {
        cutting.left = times
        cutting.done = resolve
        for (const socket of sockets) socket.resetAndDestroy()
      }),
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
