import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Socket } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** A way to a server that can be cut. */
export interface Line {
  /** The server's URL by this way. */
  readonly url: string
  /** Cuts all connections, and refuses new ones for a while. */
  cut(milliseconds: number): Promise<void>
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
    cut: async (milliseconds) => {
      await cut()
      await sleep(milliseconds)
      await once(server.listen(own, "127.0.0.1"), "listening")
    },
    close: cut,
  }
}
