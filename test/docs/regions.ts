import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"

const repository = join(__dirname, "..", "..")

/** Returns the text of a file of this repository. */
export function readText(path: string): string {
  return readFileSync(join(repository, path), "utf8")
}

/**
 * Returns the marked regions of the files in a folder, the examples, by their name: what lies between `#region name` and
 * `#endregion`, unindented. Regions of one file with one name are one, with a blank line between.
 */
export function exampleRegions(folder = "examples"): ReadonlyMap<string, string> {
  const regions = new Map<string, string>()
  for (const file of readdirSync(join(repository, folder), { encoding: "utf8" })) {
    if (!/\.(ts|py|sql)$/.test(file)) continue
    const marked = /^ *(?:\/\/|#|--) #?region:? (\S+)\n([^]*?)\n *(?:\/\/|#|--) #?endregion$/gm
    for (const [, name = "", code = ""] of readText(`${folder}/${file}`).matchAll(marked)) {
      const key = `${file} ${name}`
      const before = regions.get(key)
      regions.set(key, before === undefined ? unindent(code) : `${before}\n\n${unindent(code)}`)
    }
  }
  return regions
}

/** Returns the fenced snippets of a Markdown text in one of the languages. */
export function snippets(markdown: string, languages: readonly string[]): readonly string[] {
  const fenced = /^```(\w+)\n([^]*?)\n```$/gm
  return [...markdown.matchAll(fenced)]
    .filter(([, language = ""]) => languages.includes(language))
    .map(([, , code = ""]) => code)
}

function unindent(code: string): string {
  const lines = code.split("\n")
  const indents = lines.filter((line) => line !== "").map((line) => line.search(/\S/))
  return lines.map((line) => line.slice(Math.min(...indents))).join("\n")
}
