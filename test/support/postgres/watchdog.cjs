/**
 * Runs a server for as long as its standard input stays open.
 *
 * The parent holds the other end of that pipe, so however the parent ends, by stop(), an
 * exception, Ctrl-C or kill -9, this process notices, stops the server and removes its directory.
 *
 * argv: the directory to create, then its owner's uid and gid if they are not ours.
 * stdin: one line of JSON, `{ "commands": [[file, ...arguments], ...] }`, run one after another.
 * stdout: one line once the directory exists. stderr: the end of the log, if a command fails.
 */
const { spawn } = require("node:child_process")
const { chownSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } = require("node:fs")
const { join } = require("node:path")
const { createInterface } = require("node:readline")

const [directory, uid, gid] = [process.argv[2], ...process.argv.slice(3).map(Number)]
const logFile = join(directory, "log")

let log
let running
let ending = false

mkdirSync(directory, { mode: 0o700 })
if (uid !== undefined) chownSync(directory, uid, gid)
log = openSync(logFile, "a", 0o600)
process.stdout.on("error", () => end(1))
process.stderr.on("error", () => undefined)
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => end(1))
process.on("exit", () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))

createInterface({ input: process.stdin })
  .on("line", (line) => runNext(JSON.parse(line).commands))
  .on("close", () => end(0))
process.stdout.write("ready\n")

function runNext([command, ...rest]) {
  if (command === undefined || ending) return
  const [file, ...args] = command
  running = spawn(file, args, { cwd: directory, uid, gid, stdio: ["ignore", log, log] })
  running.on("error", (error) => {
    running = undefined
    writeSync(log, `${error.message}\n`)
    fail()
  })
  running.on("exit", (status) => {
    running = undefined
    if (ending) process.exit()
    if (status === 0 && rest.length > 0) runNext(rest)
    else fail()
  })
}

function fail() {
  const tail = readFileSync(logFile, "utf8").trim().split("\n").slice(-8).join("\n")
  process.stderr.write(`${tail}\n`, () => end(1))
}

/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one. */
function end(status) {
  if (ending) return
  ending = true
  process.exitCode = status
  if (running === undefined) process.exit()
  running.kill("SIGINT")
  setTimeout(() => running?.kill("SIGQUIT"), 5_000)
  setTimeout(() => running?.kill("SIGKILL"), 10_000)
}
