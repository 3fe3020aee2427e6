import { subscribe } from "node:diagnostics_channel"

import { Keyring } from "../../../src/fernet/keyring"

/** Encrypts, rotates and decrypts a batch, and prints why not by the engine, and what came out. */
const said: unknown[] = []
subscribe("typeorm-fernet:batch-engine.off", (message) => said.push(message))

const [old, fresh] = [1, 2].map((byte) => `${Buffer.alloc(32, byte).toString("base64url")}=`)
const tokens = new Keyring([old ?? ""]).encryptMany(["a", "é", "b".repeat(300), "c".repeat(3000)])
const ring = new Keyring([fresh ?? "", old ?? ""])
const rotated = ring.rotateMany(tokens).map((result) => result?.token ?? "")
console.log(JSON.stringify({ said, texts: ring.decryptMany(rotated).map((text) => text?.length) }))
