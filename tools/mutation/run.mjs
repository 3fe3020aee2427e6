/**
 * Mutation testing of a sample of one room's files, chosen by a seed, or of all rooms with `--all`:
 *
 *     npm run test:mutation -- --seed 7 --room bulk --lines 900
 *
 * The seed is that of the commit unless given: a commit has one sample, and many have them all.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
process.chdir(repository)
const { rooms } = await import(join(repository, "stryker.config.mjs"))

function commit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
  } catch {
    return "none"
  }
}

/** The files of a room: of patterns such as `src/fernet/*.ts`, or as they are. */
function filesOf({ mutate }) {
  return mutate.flatMap((pattern) => {
    if (!pattern.endsWith("/*.ts")) return [pattern]
    const folder = pattern.slice(0, pattern.indexOf("/*"))
    const names = readdirSync(folder).filter((name) => name.endsWith(".ts"))
    return names.map((name) => `${folder}/${name}`)
  })
}

/** Takes the first file in an order that the seed decides, and others of its room, up to so many lines. */
function sampleOf(among, seed, most) {
  const rank = (file) => createHash("sha256").update(`${seed} ${file}`).digest("hex")
  const linesOf = (file) => readFileSync(file, "utf8").split("\n").length
  const ranked = among
    .flatMap((room) => filesOf(rooms[room]).map((file) => ({ room, file, rank: rank(file) })))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
  const [{ room }] = ranked
  let lines = 0
  const files = ranked
    .filter((one) => one.room === room)
    .map(({ file }) => file)
    .filter((file) => lines < (most ?? rooms[room].lines) && (lines += linesOf(file)))
  return { room, files }
}

/** Returns Stryker's exit code. */
function run(room, files, args) {
  const env = { ...process.env, MUTATED_ROOM: room, ...(files && { MUTATE: files.join(",") }) }
  const stryker = ["tools/run.mjs", "tools/mutation", "stryker", "run", ...args]
  return spawnSync(process.execPath, stryker, { stdio: "inherit", env }).status ?? 1
}

const { values, positionals } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    seed: { type: "string", default: commit() },
    room: { type: "string" },
    lines: { type: "string" },
  },
  allowPositionals: true,
})
const among = values.room === undefined ? Object.keys(rooms) : [values.room]
if (values.all) {
  const codes = among.map((room) => run(room, undefined, positionals))
  process.exitCode = Math.max(...codes)
} else {
  const { room, files } = sampleOf(among, values.seed, values.lines && Number(values.lines))
  process.stdout.write(`Seed ${values.seed}, src/${room}: ${files.join(", ")}\n`)
  process.exitCode = run(room, files, positionals)
}
