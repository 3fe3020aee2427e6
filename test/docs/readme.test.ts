import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, test } from "@jest/globals"

import type { EncryptionErrorCode } from "../../src"
import { builtInCodecs } from "../../src/column/built-in-codecs"
import { exampleRegions, readText, snippets } from "./regions"

const readme = readText("README.md")
/** What shows regions of the files in a folder. */
const shownBy: Readonly<Record<string, readonly string[]>> = {
  examples: ["README.md", "docs/keys.md", "docs/masking.md", "docs/sealed-values.md"],
  "examples/secret-managers": ["docs/secret-managers.md"],
  "examples/nestjs/src": ["docs/nestjs.md", "docs/masking.md"],
  "test/compatibility": ["SECURITY.md", "docs/masking.md"],
}
const regions = Object.keys(shownBy).flatMap((folder) => [...exampleRegions(folder)])
/** Where the snippets of the examples are shown. */
const shown = Object.values(shownBy).flatMap((files) =>
  snippets(files.map(readText).join("\n"), ["ts", "python"]),
)

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

test("the lines of the table of secret managers are those that are compiled", () => {
  const lines = readText("docs/secret-managers.md").matchAll(/^\|[^|]+\| `(keyring: .*)`/gm)
  const compiled = readText("examples/secret-managers/keyrings.ts").replaceAll(/\s+/g, " ")

  const keyrings = [...lines].map(([, line = ""]) => line)
  expect(keyrings).toHaveLength(7)
  expect(keyrings.filter((line) => !compiled.includes(line))).toEqual([])
})

describe.each([
  ...["README.md", "SECURITY.md", "CONTRIBUTING.md"],
  ...["docs/keys.md", "docs/masking.md", "docs/nestjs.md", "docs/secret-managers.md"],
])("%s", (file) => {
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
