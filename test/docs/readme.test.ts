import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { describe, expect, test } from "@jest/globals"

import { builtInCodecs } from "../../src/column/built-in-codecs"
import { exampleRegions, readText, snippets } from "./regions"

const guides = readdirSync("docs")
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`)
const sqlGuides = ["docs/operations.md"]
/** What shows regions of the files in a folder. */
const shownBy: Readonly<Record<string, readonly string[]>> = {
  examples: guides.filter((path) => !["docs/secret-managers.md", "docs/nestjs.md"].includes(path)),
  "examples/audit-log": ["docs/audit.md"],
  "examples/first-steps": ["README.md"],
  "examples/secret-managers": ["docs/secret-managers.md"],
  "examples/nestjs/src": ["docs/nestjs.md"],
  "test/compatibility": ["SECURITY.md"],
}
const regions = Object.keys(shownBy).flatMap((folder) => [...exampleRegions(folder)])
/** Where the snippets of the examples are shown. */
const shown = [
  ...snippets(Object.values(shownBy).flat().map(readText).join("\n"), ["ts", "python"]),
  ...snippets(sqlGuides.map(readText).join("\n"), ["sql"]),
]

describe("the documentation", () => {
  test.each(shown)("takes from an example: %s", (snippet) => {
    expect(regions.map(([, code]) => code)).toContain(snippet)
  })

  test.each(regions)("shows the region %s", (_name, code) => {
    expect(shown).toContain(code)
  })
})

test.each(Object.keys(builtInCodecs))("the guide to columns names the codec %s", (codec) => {
  expect(readText("docs/columns.md")).toContain(`\n| \`"${codec}"\``)
})

test("the README fits 250 lines", () => {
  expect(readText("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(250)
})

test("the README links to every guide", () => {
  const missing = guides.filter((path) => !readText("README.md").includes(`](${path})`))

  expect(missing).toEqual([])
})

test("sizes are computed from what was measured of a row", () => {
  const sizes = readText("docs/operations.md").matchAll(
    /^\| [^|]+ \| (\d+) +\| ([\d.]+) GB +\| ([\d.]+) GB +\| ([\d.]+) GB +\|$/gm,
  )

  const rows = [...sizes].map((row) => row.slice(1).map(Number))
  expect(rows).toHaveLength(5)
  for (const [bytes = 0, ...gigabytes] of rows) {
    expect(gigabytes).toEqual([1e7, 1e8, 1e9].map((count) => (bytes * count) / 1e9))
  }
})

test("Node.js takes the options that the guide to operations gives it", () => {
  const [, given = ""] = /NODE_OPTIONS=(\S+) node/.exec(readText("docs/operations.md")) ?? []

  const { status } = spawnSync(process.execPath, ["-e", ""], { env: { NODE_OPTIONS: given } })
  expect([given, status]).toEqual(["--max-semi-space-size=64", 0])
})

test("the lines of the table of secret managers are those that are compiled", () => {
  const lines = readText("docs/secret-managers.md").matchAll(/^\|[^|]+\| `(keyring: .*)`/gm)
  const compiled = readText("examples/secret-managers/keyrings.ts").replaceAll(/\s+/g, " ")

  const keyrings = [...lines].map(([, line = ""]) => line)
  expect(keyrings).toHaveLength(7)
  expect(keyrings.filter((line) => !compiled.includes(line))).toEqual([])
})

describe.each(["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", ...guides])(
  "%s",
  (file) => {
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
  },
)

/** The anchors of the headings of a Markdown text, as GitHub makes them. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase(),
  )
  return new Set(
    headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")),
  )
}
