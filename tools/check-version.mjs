/**
 * Fails unless a tag, as in `node tools/check-version.mjs v1.2.3`, is that of the manifest's version,
 * which is the newest of the changelog and has the dumps that later versions are tested with.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const read = (path) => readFileSync(join(repository, path), "utf8")
const [tag] = process.argv.slice(2)
const { version } = JSON.parse(read("package.json"))
const [, newest] = /^## (\S+)/m.exec(read("CHANGELOG.md")) ?? []

const faults = [
  tag !== `v${version}` && `The tag is ${tag}, and package.json has ${version}.`,
  newest !== version && `CHANGELOG.md begins with ${newest}, and package.json has ${version}.`,
  !existsSync(join(repository, "test", "integration", "releases", version)) &&
    `test/integration/releases has no ${version}.`,
].filter((fault) => fault !== false)
for (const fault of faults) process.stderr.write(`${fault}\n`)
process.exitCode = faults.length > 0 ? 1 : 0
