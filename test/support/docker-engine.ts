import { existsSync } from "node:fs"
import { request, type RequestOptions } from "node:http"
import { homedir } from "node:os"
import { join } from "node:path"

/**
 * Whether a Docker-compatible engine answers. A socket nobody serves would hang testcontainers
 * for over a minute, so it is asked first.
 *
 * @param timeoutMs - how long it may take
 */
export async function dockerAnswers(timeoutMs = 3_000): Promise<boolean> {
  for (const endpoint of endpoints()) if (await ping(endpoint, timeoutMs)) return true
  return false
}

function endpoints(): RequestOptions[] {
  const host = process.env.DOCKER_HOST
  if (host?.startsWith("unix://")) return [{ socketPath: host.slice("unix://".length) }]
  if (host !== undefined && host !== "") {
    const { hostname, port } = new URL(host)
    return [{ host: hostname, port: port || "2375" }]
  }
  const sockets = [
    "/var/run/docker.sock",
    join(process.env.XDG_RUNTIME_DIR ?? "/nonexistent", "docker.sock"),
    join(homeDirectory(), ".docker", "run", "docker.sock"),
  ]
  return sockets.filter((path) => existsSync(path)).map((socketPath) => ({ socketPath }))
}

/** Node throws for an account without one. */
function homeDirectory(): string {
  try {
    return homedir()
  } catch {
    return "/nonexistent"
  }
}

function ping(endpoint: RequestOptions, timeout: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...endpoint, path: "/_ping", timeout }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on("error", () => {
      resolve(false)
    })
    asked.on("timeout", () => asked.destroy())
    asked.end()
  })
}
