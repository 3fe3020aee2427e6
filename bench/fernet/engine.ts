import { createRequire } from "node:module"

import { Fernet as FernetNodejs } from "fernet-nodejs"

import { Fernet } from "../../src/fernet/fernet"
import { StraightforwardFernet } from "./straightforward"

/** A Fernet implementation in this process, strings in and out. */
export interface Engine {
  readonly name: string
  encrypt(text: string): string
  decrypt(token: string): string
}

/** What this package is called in a table. */
export const OURS = "typeorm-fernet"
/** What one writes without a library. */
export const STRAIGHTFORWARD = "straightforward node:crypto"

/** The part of npm's `fernet` that is used here; it has no types of its own. */
interface NpmFernet {
  Secret: new (key: string) => object
  Token: new (options: { secret: object; token?: string; ttl: number }) => {
    encode(text: string): string
    decode(): string
  }
}

/** Returns every engine that runs in this process, ours first, under one key. */
export function engines(key: string): readonly Engine[] {
  const ours = new Fernet(key)
  const plain = new StraightforwardFernet(key)
  const nodejs = new FernetNodejs(key)
  const { Secret, Token } = createRequire(__filename)("fernet") as NpmFernet
  const secret = new Secret(key)
  return [
    {
      name: OURS,
      encrypt: (text) => ours.encrypt(text),
      decrypt: (token) => ours.decryptText(token),
    },
    {
      name: STRAIGHTFORWARD,
      encrypt: (text) => plain.encrypt(text),
      decrypt: (token) => plain.decrypt(token),
    },
    {
      name: "npm fernet-nodejs",
      encrypt: (text) => nodejs.encrypt(text),
      decrypt: (token) => nodejs.decrypt(token),
    },
    {
      name: "npm fernet",
      encrypt: (text) => new Token({ secret, ttl: 0 }).encode(text),
      decrypt: (token) => new Token({ secret, token, ttl: 0 }).decode(),
    },
  ]
}

/** @throws if an engine does not read what another wrote, or not what was written */
export function requireAgreement(all: readonly Engine[], text: string): void {
  for (const writer of all) {
    const token = writer.encrypt(text)
    for (const reader of all) {
      if (reader.decrypt(token) === text) continue
      throw new Error(`${reader.name} does not read what ${writer.name} wrote.`)
    }
  }
}
