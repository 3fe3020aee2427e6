/**
 * Mutation testing of a sample of files, chosen by a seed, or of all with `--all`:
 *
 *     npm run test:mutation -- --seed 7 --lines 900
 *
 * The seed is that of the commit unless given: a commit has one sample, and many have them all.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

/** What ten minutes on two processors are enough for. */
const SAMPLE_LINES = 900

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
process.chdir(repository)

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "none"
  }
}

/** The files of patterns such as `src/fernet/*.ts` and `src/fernet/**\/*.ts`. */
function filesOf(patterns) {
  return patterns.flatMap((pattern) => {
    const folder = pattern.slice(0, pattern.indexOf("/*"))
    const names = readdirSync(folder, { recursive: pattern.includes("/**") })
    return names.filter((name) => name.endsWith(".ts")).map((name) => `${folder}/${name}`)
  })
}

/** Takes files in an order that the seed decides until they have so many lines. */
function sampleOf(files, seed, most) {
  const rank = (file) => createHash("sha256").update(`${seed} ${file}`).digest("hex")
  const linesOf = (file) => readFileSync(file, "utf8").split("\n").length
  let lines = 0
  return files
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
    .filter((file) => lines < most && (lines += linesOf(file)))
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    seed: { type: "string", default: commit() },
    lines: { type: "string", default: String(SAMPLE_LINES) },
  },
  allowPositionals: true,
})
const env = { ...process.env }
if (!values.all) {
  const { default: config } = await import(join(repository, "stryker.config.mjs"))
  const files = sampleOf(filesOf(config.mutate), values.seed, Number(values.lines))
  process.stdout.write(`Seed ${values.seed}: ${files.join(", ")}\n`)
  env.MUTATE = files.join(",")
}
const stryker = ["tools/run.mjs", "tools/mutation", "stryker", "run", ...positionals]
process.exitCode = spawnSync(process.execPath, stryker, { stdio: "inherit", env }).status ?? 1
