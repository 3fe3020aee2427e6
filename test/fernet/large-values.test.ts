import { describe, expect, test } from "@jest/globals"

import { Fernet } from "../../src/fernet/fernet"
import { tokenShape } from "../../src/fernet/token-format"

const MEGABYTE = 1_000_000
const fernet = new Fernet(Fernet.generateKey())

describe("large values", () => {
  test("50 MB of text go there and back", () => {
    const text = "Größe ".repeat((50 * MEGABYTE) / 8)

    const token = fernet.encrypt(text)

    expect(tokenShape(token)).toBe("token")
    expect(fernet.decryptText(token) === text).toBe(true)
  })

  test("a token of 50 MB cut short is malformed, and text of 50 MB is plaintext", () => {
    expect(tokenShape("gAAAAAB".padEnd(50 * MEGABYTE, "x"))).toBe("malformed")
    expect(tokenShape("x".repeat(50 * MEGABYTE))).toBe("plaintext")
    expect(tokenShape(" ".repeat(50 * MEGABYTE))).toBe("plaintext")
  })

  test.each([1023, 1024, 1025])("%d blocks go there and back", (blocks) => {
    const bytes = Buffer.alloc(blocks * 16 - 1, blocks)

    expect(bytes.equals(fernet.decrypt(fernet.encrypt(bytes)))).toBe(true)
  })
})
