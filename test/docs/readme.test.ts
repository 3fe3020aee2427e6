import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, test } from "@jest/globals"

import type { EncryptionErrorCode } from "../../src"
import { builtInCodecs } from "../../src/column/built-in-codecs"
import { exampleRegions, readText, snippets } from "./regions"

const readme = readText("README.md")
const regions = [...exampleRegions()]
/** Where the snippets of the examples are shown. */
const shown = snippets(readme + readText("docs/keys.md"), ["ts", "python"])

/** By type, so that a new code does not compile until it is here. */
const codes: Readonly<Record<EncryptionErrorCode, true>> = {
  ERR_ALREADY_ENCRYPTED: true,
  ERR_ALREADY_RUNNING: true,
  ERR_BULK_INCOMPLETE: true,
  ERR_CHECK_FAILED: true,
  ERR_COLUMN_MISUSE: true,
  ERR_COLUMN_UNBOUND: true,
  ERR_DECRYPTION_FAILED: true,
  ERR_INVALID_TOKEN: true,
  ERR_INVALID_VALUE: true,
  ERR_KEY_INVALID: true,
  ERR_KEY_MISSING: true,
  ERR_SEAM_BROKEN: true,
  ERR_STATEMENT_FAILED: true,
  ERR_UNSUPPORTED_DATABASE: true,
  ERR_UNSUPPORTED_QUERY: true,
}

describe("the documentation", () => {
  test.each(shown)("takes from an example: %s", (snippet) => {
    expect(regions.map(([, code]) => code)).toContain(snippet)
  })

  test.each(regions)("shows the region %s", (_name, code) => {
    expect(shown).toContain(code)
  })
})

describe("the README", () => {
  test.each(Object.keys(codes))("explains the code %s", (code) => {
    expect(readme).toContain(`\n| \`${code}\``)
  })

  test.each(Object.keys(builtInCodecs))("names the codec %s", (codec) => {
    expect(readme).toContain(`\n| \`"${codec}"\``)
  })
})

describe.each(["README.md", "SECURITY.md", "CONTRIBUTING.md", "docs/keys.md"])("%s", (file) => {
  const text = readText(file)
  const linked = (path: string): string => (path === "" ? file : join(dirname(file), path))

  test("links to files that exist", () => {
    const targets = [...text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, path = ""]) => linked(path))

    expect(targets.filter((path) => !existsSync(path))).toEqual([])
  })

  test("links to headings that exist", () => {
    const targets = [...text.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)]

    const missing = targets.filter(
      ([, path = "", anchor = ""]) => !anchorsOf(readText(linked(path))).has(anchor),
    )
    expect(missing.map(([link]) => link)).toEqual([])
  })

  test("names npm scripts that exist", () => {
    const { scripts } = JSON.parse(readText("package.json")) as { readonly scripts: object }

    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, script = ""]) => script)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
  })
})

/** The anchors of the headings of a Markdown text. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading)
  return new Set(headings.map((heading) => heading.toLowerCase().replaceAll(" ", "-")))
}
