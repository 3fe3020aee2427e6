import { beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import type { Local } from "../../../src/fernet/batch-engine/assembler/instructions"
import { ModuleBuilder } from "../../../src/fernet/batch-engine/assembler/module-builder"
import { AT } from "../../../src/fernet/batch-engine/layout"
import { defineDecode, encode } from "../../../src/fernet/batch-engine/program/base64url"
import { webAssembly } from "../../../src/fernet/batch-engine/web-assembly"

interface Coder {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly decode: (text: number, length: number, target: number) => number
  readonly encode: (from: number, end: number, to: number) => void
}

const [TEXT, BYTES] = [8192, 16_384]
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

function makeCoder(): Coder {
  const module = new ModuleBuilder()
  defineDecode(module)
  module.define("encode", { parameters: 3 }, (frame) => {
    const [from, end, to] = frame.parameters as [Local, Local, Local]
    return [encode(frame, from, end, to)]
  })
  const api = webAssembly()
  if (!api) throw new Error("There is no WebAssembly.")
  const coder = new api.Instance(new api.Module(module.build(1))).exports as Coder
  Buffer.from(coder.memory.buffer).fill(0xff, AT.masks + 16, AT.masks + 32)
  return coder
}

let coder: Coder
let memory: Buffer

beforeAll(() => {
  coder = makeCoder()
  memory = Buffer.from(coder.memory.buffer)
})

/** Returns the bytes that a text without padding stands for, `undefined` if it is refused. */
function decoded(text: string): Buffer | undefined {
  memory.fill(0x7a, TEXT)
  memory.write(text, TEXT, "latin1")
  const isRight = coder.decode(TEXT, text.length, BYTES) === 1
  return isRight ? Buffer.from(memory.subarray(BYTES, BYTES + (text.length * 6) / 8)) : undefined
}

function encoded(bytes: Uint8Array): string {
  memory.fill(0, TEXT)
  memory.set(bytes, BYTES)
  coder.encode(BYTES, BYTES + bytes.length, TEXT)
  return memory.toString("latin1", TEXT, TEXT + Math.ceil((bytes.length * 8) / 6))
}

describe("decoding", () => {
  test.each([0, 1, 5, 15, 16, 20, 31, 32])(
    "takes each letter of the alphabet at position %i, and nothing else",
    (position) => {
      const taken = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
        (character) => decoded("B".repeat(position) + character + "B".repeat(32 - position)),
      )

      expect(taken.sort()).toEqual(Array.from(ALPHABET).sort())
    },
  )

  test("is node:crypto's for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64url")

        expect(decoded(text)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test("leaves bits beyond the last byte in the byte behind it", () => {
    for (const [text, behind] of [
      ["AAAAAAAAAAAAAAAAAA", 0],
      ["AAAAAAAAAAAAAAAAAB", 0x10],
      ["AAAAAAAAAAAAAAAAAAB", 0x40],
      ["AAAAAAAAAAAAAAAA", 0],
    ] as const) {
      decoded(text)

      expect(memory[BYTES + Math.floor((text.length * 6) / 8)]).toBe(behind)
    }
  })
})

describe("encoding", () => {
  test("is node:crypto's for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
        expect(encoded(bytes)).toBe(Buffer.from(bytes).toString("base64url"))
      }),
    )
  })

  test("has a letter for each number", () => {
    const numbers = Buffer.from(ALPHABET, "base64url")

    expect(encoded(numbers)).toBe(ALPHABET)
  })
})
