import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { readText, snippets } from "../docs/regions"
import { createProject, installed, link, packTarball, run } from "./consumer-project"

const readme = readText("README.md")
const [install = "", ...steps] = snippets(readme.split("## What it does")[0] ?? "", ["bash"])
const [settings = ""] = snippets(readme, ["json"])
const [program = ""] = snippets(readme, ["ts"])
const [printed = ""] = snippets(readme, ["console"])

/** What the README has its reader install, beside this package, is linked in from our own packages. */
const packages = install
  .split("\n")
  .flatMap((line) => line.replace(/^npm install (--save-dev )?/, "").split(" "))
  .filter((name) => name !== "typeorm-fernet")

let temporary: string
let tarball: string

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "typeorm-fernet-first-steps-"))
  tarball = packTarball(temporary)
})

afterAll(() => {
  rmSync(temporary, { recursive: true })
})

describe.each(["commonjs", "module"] as const)("the README's example in a %s package", (type) => {
  let directory: string

  beforeAll(() => {
    directory = createProject(join(temporary, type), tarball, type).directory
    for (const name of packages) link(directory, name, name)
    for (const name of ["tsx", "tsc"]) link(directory, `.bin/${name}`, `.bin/${name}`)
    writeFileSync(join(directory, "tsconfig.json"), settings)
    writeFileSync(join(directory, "patients.ts"), program)
    rmSync(join(directory, "main.ts"))
  })

  test("runs as it is pasted, and prints what is shown", () => {
    const outputs = steps
      .join("\n")
      .split("\n")
      .map((line) => run("sh", ["-c", line], directory))

    const output = outputs.join("").replaceAll(/gAAAAAB[\w-]+=*/g, "gAAAAAB…")
    expect(output.trimEnd()).toBe(printed)
    expect(readFileSync(join(directory, ".env"), "utf8")).toMatch(/^ENCRYPTION_KEY=[\w-]{43}=$/m)
  })

  test("compiles as strictly as the tsconfig.json shown, and runs compiled", () => {
    const compiler = join(installed, "typescript", "bin", "tsc")
    run(process.execPath, [compiler, "--project", ".", "--outDir", "out"], directory)

    const output = run(process.execPath, ["--env-file=.env", "out/patients.js"], directory)

    expect(output).toContain("ssn: '078-05-1120'")
  })
})
