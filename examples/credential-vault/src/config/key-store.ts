import { accessSync, constants } from "node:fs"
import { parseEnv } from "node:util"

import { Keyring } from "typeorm-fernet"

import { envFile } from "./paths.js"
import { readIfThere, writeSecretFile } from "./secret-file.js"

/** Where the keys of the data are, the one that encrypts first. */
export abstract class KeyStore {
  /** Returns the keys as `withEncryption` takes them. */
  abstract read(): string

  /** Whether a rotation can add a key. */
  abstract get isWritable(): boolean

  /** Puts a key in front of the others, which go on to decrypt. */
  abstract prepend(key: string): void

  /** What tells the keys apart; not secrets. */
  fingerprints(): readonly string[] {
    return new Keyring(this.read().split(",")).fingerprints
  }

  /**
   * Finds the keys in `ENCRYPTION_KEY_FILE`, `ENCRYPTION_KEY` or the env file.
   *
   * @throws Error if there are none
   */
  static find(env: NodeJS.ProcessEnv = process.env): KeyStore {
    if (env.ENCRYPTION_KEY_FILE) return new KeyFile(env.ENCRYPTION_KEY_FILE)
    if (env.ENCRYPTION_KEY) return new GivenKeys(env.ENCRYPTION_KEY)
    const kept = new EnvFileKeys(envFile())
    if (kept.read() === "") throw new Error("Set ENCRYPTION_KEY or ENCRYPTION_KEY_FILE.")
    return kept
  }
}

/** Keys from the environment: whoever starts the vault changes them. */
class GivenKeys extends KeyStore {
  readonly #keys: string
  readonly isWritable = false

  constructor(keys: string) {
    super()
    this.#keys = keys
  }

  read(): string {
    return this.#keys
  }

  prepend(): void {
    throw new Error("Keys from the environment cannot be added to.")
  }
}

/** Keys in a file of their own, as a Docker secret is. */
class KeyFile extends KeyStore {
  constructor(private readonly path: string) {
    super()
  }

  get isWritable(): boolean {
    return isWritable(this.path)
  }

  read(): string {
    return readIfThere(this.path).trim()
  }

  prepend(key: string): void {
    writeSecretFile(this.path, `${key},${this.read()}\n`)
  }
}

/** Keys on one line of an env file. */
class EnvFileKeys extends KeyStore {
  constructor(private readonly path: string) {
    super()
  }

  get isWritable(): boolean {
    return isWritable(this.path)
  }

  read(): string {
    return parseEnv(readIfThere(this.path)).ENCRYPTION_KEY ?? ""
  }

  prepend(key: string): void {
    const text = readIfThere(this.path)
    const line = `ENCRYPTION_KEY=${key},${this.read()}`
    writeSecretFile(
      this.path,
      text.replace(/^ENCRYPTION_KEY=.*$/m, () => line),
    )
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
