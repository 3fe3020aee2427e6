import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, sep } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type ConsumerProject, createProject } from "./consumer-project"
import { packedTarball } from "./packed-tarball"
import { repository, run } from "./run"

const typeormVersions = ["typeorm", "typeorm-0.3", "typeorm-0.3.17"]

const printed = {
  loaded: {
    ...{ id: 1, name: "Ada", ssn: "078-05-1120", bornOn: "1970-01-01T00:00:00.000Z" },
    email: "Ada@Example.com",
  },
  found: 1,
  stored: ["078-05-1120"],
  decrypted: [{ ssn: "078-05-1120" }],
  refused: "ERR_UNSUPPORTED_QUERY",
  health: { encryption: { status: "up" } },
  retried: false,
}

let temporary: string
let commonJs: ConsumerProject
let esm: ConsumerProject

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "typeorm-fernet-package-"))
  commonJs = createProject(join(temporary, "commonjs"), "commonjs")
  esm = createProject(join(temporary, "esm"), "module")
})

afterAll(() => {
  rmSync(temporary, { recursive: true })
})

describe.each(typeormVersions)("the packed package with %s", (alias) => {
  test("compiles and runs in a CommonJS project with classic resolution", () => {
    commonJs.useTypeorm(alias)

    const output = commonJs.run({
      module: "commonjs",
      moduleResolution: "node10",
      ignoreDeprecations: "6.0",
    })

    expect(output).toEqual(printed)
  })

  test("compiles and runs in a CommonJS project that checks the types of its libraries", () => {
    commonJs.useTypeorm(alias)

    expect(commonJs.run({ module: "nodenext", skipLibCheck: false })).toEqual(printed)
  })

  test("compiles and runs in an ESM project", () => {
    esm.useTypeorm(alias)

    expect(esm.run({ module: "nodenext" })).toEqual(printed)
  })
})

test("the tarball holds what is built of src, and the texts that its users read", () => {
  const texts = ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "package.json"]
  const sources = readdirSync(join(repository, "src"), { encoding: "utf8", recursive: true })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => path.replaceAll(sep, "/").replace(/\.ts$/, ""))

  const held = run("tar", ["-tzf", packedTarball()], temporary).trimEnd().split("\n")

  const expected = sources.flatMap((path) => [`dist/${path}.d.ts`, `dist/${path}.js`])
  expect(held.map((path) => path.replace(/^package\//, "")).sort()).toEqual(
    [...texts, ...expected].sort(),
  )
})

describe("the command of the packed package", () => {
  test("generates a key", () => {
    commonJs.useTypeorm("typeorm")

    const key = run("npx", ["--no-install", "typeorm-fernet", "key:generate"], commonJs.directory)

    expect(key).toMatch(/^[\w-]{43}=\n$/)
  })
})
