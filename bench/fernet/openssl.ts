import { spawnSync } from "node:child_process"

import type { Direction } from "./targets"

/** What OpenSSL alone can do. */
export interface OpensslSpeed {
  readonly version: string
  /**
   * Bytes per second of processor time that go through AES-128-CBC one way and SHA-256: what no
   * token can do without.
   */
  bytesPerSecond(direction: Direction, size: number): number
}

/** Returns what `openssl speed` measures, or `undefined` if there is no openssl. */
export function findOpenssl(): OpensslSpeed | undefined {
  const asked = spawnSync("openssl", ["version"], { encoding: "utf8" })
  if (asked.status !== 0) return undefined
  return {
    version: asked.stdout.split(" ")[1] ?? "",
    bytesPerSecond(direction, size) {
      const aes = speedOf("aes-128-cbc", size, direction === "decrypt" ? ["-decrypt"] : [])
      return 1 / (1 / aes + 1 / speedOf("sha256", size, []))
    },
  }
}

function speedOf(algorithm: string, size: number, options: readonly string[]): number {
  const line = ["speed", "-mr", "-bytes", String(size), "-seconds", "1", ...options, "-evp"]
  const { stdout } = spawnSync("openssl", [...line, algorithm], { encoding: "utf8" })
  const [, rate] = /^\+F:\d+:[^:]+:([\d.]+)$/m.exec(stdout) ?? []
  if (rate === undefined) throw new Error(`openssl speed did not say how fast ${algorithm} is.`)
  return Number(rate)
}
