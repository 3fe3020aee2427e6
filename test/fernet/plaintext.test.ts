/// <reference lib="es2024.arraybuffer" />
import { describe, expect, test } from "@jest/globals"

import { Fernet } from "../../src/fernet/fernet"
import { snapshotPlaintext, tokenText } from "../../src/fernet/plaintext"
import { PYTHON_KEY } from "./python-tokens"

const fernet = new Fernet(PYTHON_KEY)
const SSN = Buffer.from("123-45-6789")

describe("snapshotPlaintext", () => {
  test("copies bytes, so that a later change does not reach them", () => {
    const bytes = new Uint8Array(SSN)

    const snapshot = snapshotPlaintext(bytes)
    bytes.fill(0)

    expect(Buffer.from(snapshot as Uint8Array).equals(SSN)).toBe(true)
  })

  test("copies the window that a view shows, not what is around it", () => {
    const memory = Buffer.concat([Buffer.from("before"), SSN, Buffer.from("after")])

    expect(fernet.decryptText(fernet.encrypt(memory.subarray(6, 17)))).toBe("123-45-6789")
  })

  test("runs no code of a subclass, and believes no length but the real one", () => {
    class Lying extends Uint8Array {
      override get length(): number {
        throw new Error("asked")
      }
      override get byteLength(): number {
        return 1000
      }
      override get buffer(): ArrayBuffer {
        throw new Error("asked")
      }
      override [Symbol.iterator](): never {
        throw new Error("asked")
      }
    }

    expect(fernet.decryptText(fernet.encrypt(new Lying(SSN)))).toBe("123-45-6789")
    expect(fernet.decryptText(new Lying(Buffer.from(fernet.encrypt(SSN))))).toBe("123-45-6789")
  })

  test("refuses a proxy, whose bytes are whatever its code says", () => {
    expect(() => fernet.encrypt(new Proxy(new Uint8Array(SSN), {}))).toThrow(TypeError)
  })

  test("takes shared and resizable memory as it is at the moment", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(SSN.length))
    shared.set(SSN)
    const resizable = new ArrayBuffer(SSN.length, { maxByteLength: 100 })
    const tracking = new Uint8Array(resizable)
    tracking.set(SSN)

    const tokens = [fernet.encrypt(shared), fernet.encrypt(tracking)]
    resizable.resize(3)
    tokens.push(fernet.encrypt(tracking))

    expect(tokens.map((token) => fernet.decryptText(token))).toEqual([
      "123-45-6789",
      "123-45-6789",
      "123",
    ])
  })

  test("refuses memory that was transferred away", () => {
    const bytes = new Uint8Array(SSN)
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })

    expect(() => fernet.encrypt(bytes)).toThrow(expect.objectContaining({ name: "TypeError" }))
  })
})

describe("tokenText", () => {
  test("reads bytes one character each, so that none of them merge to a character of a token", () => {
    expect(tokenText(Uint8Array.of(0x67, 0x41, 0xc3, 0xa9))).toBe("gA\u00c3\u00a9")
    expect(tokenText("gA\u0141")).toBe("gA\u0141")
  })
})
