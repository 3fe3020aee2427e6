import { describe, expect, test } from "@jest/globals"

import { assignKey } from "../../src/cli/assign-key"

describe("assignKey", () => {
  test.each([
    ["is empty", "", "ENCRYPTION_KEY=new\n"],
    ["ends with a newline", "A=1\n", "A=1\nENCRYPTION_KEY=new\n"],
    ["lacks the final newline", "A=1", "A=1\nENCRYPTION_KEY=new\n"],
    ["has Windows line breaks", "A=1\r\nB=2", "A=1\r\nB=2\r\nENCRYPTION_KEY=new\r\n"],
    ["sets it in a comment", "# ENCRYPTION_KEY=x\n", "# ENCRYPTION_KEY=x\nENCRYPTION_KEY=new\n"],
    ["sets a longer name", "MY_ENCRYPTION_KEY=x\n", "MY_ENCRYPTION_KEY=x\nENCRYPTION_KEY=new\n"],
    ["names an empty file", "ENCRYPTION_KEY_FILE=", "ENCRYPTION_KEY_FILE=\nENCRYPTION_KEY=new\n"],
  ])("appends a line to a text that %s", (_, text, expected) => {
    expect(assignKey(text, "new", ".env")).toBe(expected)
  })

  test.each([
    ["nothing", "A=1\nENCRYPTION_KEY=\nB=2\n", "A=1\nENCRYPTION_KEY=new\nB=2\n"],
    ["nothing before CRLF", "ENCRYPTION_KEY=\r\nB=2\r\n", "ENCRYPTION_KEY=new\r\nB=2\r\n"],
    ["blanks", "  ENCRYPTION_KEY =  ", "ENCRYPTION_KEY=new"],
    ["empty quotes", 'export ENCRYPTION_KEY=""\n', "export ENCRYPTION_KEY=new\n"],
    ["a comment", "ENCRYPTION_KEY= # a key\n", "# a key\nENCRYPTION_KEY=new\n"],
    ["nothing after a BOM", "\xEF\xBB\xBFENCRYPTION_KEY=", "\xEF\xBB\xBFENCRYPTION_KEY=new"],
  ])("fills in an assignment of %s", (_, text, expected) => {
    expect(assignKey(text, "new", ".env")).toBe(expected)
  })

  test("fills in the last of several empty assignments, which is the one that counts", () => {
    const text = "ENCRYPTION_KEY=\nENCRYPTION_KEY=\n"

    expect(assignKey(text, "new", ".env")).toBe("ENCRYPTION_KEY=\nENCRYPTION_KEY=new\n")
  })

  test.each([
    "ENCRYPTION_KEY=secret",
    "export ENCRYPTION_KEY=secret",
    "A=1\r\n\tENCRYPTION_KEY = 'secret'\r\n",
    "ENCRYPTION_KEY: secret",
    "ENCRYPTION_KEY=secret\nENCRYPTION_KEY=\n",
    "\xEF\xBB\xBFENCRYPTION_KEY=secret",
  ])("refuses %j without showing the value", (text) => {
    const assign = (): string => assignKey(text, "new", ".env")

    expect(assign).toThrow(/^\.env already sets ENCRYPTION_KEY; it was left as it is\. To rotate/)
    expect(assign).not.toThrow(/secret|new\n/)
  })

  test("refuses a text that names a key file, since both variables at once are an error", () => {
    expect(() => assignKey("ENCRYPTION_KEY_FILE=/key\n", "new", ".env")).toThrow(
      ".env already sets ENCRYPTION_KEY_FILE; it was left as it is.",
    )
  })

  test("sets a variable of another name, and leaves others alone", () => {
    const text = "ENCRYPTION_KEY=secret\nBLIND_INDEX_KEY=\n"

    expect(assignKey(text, "new", ".env", "BLIND_INDEX_KEY")).toBe(
      "ENCRYPTION_KEY=secret\nBLIND_INDEX_KEY=new\n",
    )
    expect(() => assignKey("FERNET_KEY_FILE=/key\n", "new", ".env", "FERNET_KEY")).toThrow(
      ".env already sets FERNET_KEY_FILE",
    )
    expect(() => assignKey("FERNET_KEY=secret\n", "new", ".env", "FERNET_KEY")).toThrow(
      "put the new key in front: FERNET_KEY=<new>,<old>.",
    )
  })

  test("refuses UTF-16", () => {
    expect(() => assignKey("\xFF\xFEA\0=\0", "new", ".env")).toThrow(
      ".env is not a UTF-8 text file; it was left as it is.",
    )
  })
})
