import { readdirSync } from "node:fs"
import { describe, expect, test } from "@jest/globals"

import { readText } from "./regions"

interface Manifest {
  readonly engines: { readonly node: string }
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readText("package.json")) as Manifest
const { devDependencies, peerDependencies } = manifest
const readme = readText("README.md")
const ci = readText(".github/workflows/ci.yml")
const weekly = readText(".github/workflows/typeorm.yml")

/** The versions of a row of the README's table of what is tested. */
function listed(row: string): readonly string[] {
  const [, cell = ""] = new RegExp(`^\\| ${row}[^|]*\\| ([^|]+)\\|$`, "m").exec(readme) ?? []
  return (cell.match(/\d+(?:\.\d+)*/g) ?? []).sort()
}

/** The versions that a matrix of the workflow has under a name. */
function inMatrix(name: string): readonly string[] {
  const values = [
    ...ci.matchAll(new RegExp(`(?<=[{,] |^ +)${name}: (\\[.*\\]|"[\\d.]+"|\\d+)`, "gm")),
  ]
  const versions = values.flatMap(([, value = ""]) => value.match(/[\d.]+/g) ?? [])
  return [...new Set(versions)].sort()
}

function versionsIn(text = ""): readonly string[] {
  return text.match(/\d+(?:\.\d+)+/g) ?? []
}

function majorOf(name: string): string | undefined {
  return /\d+/.exec(devDependencies[name] ?? "")?.[0]
}

describe("the README's table of what is tested", () => {
  test.each([
    ["Node.js", "node"],
    ["PostgreSQL", "postgres"],
    ["MariaDB", "mariadb"],
    ["MySQL", "mysql"],
  ])("has the versions of %s that the workflow runs", (row, name) => {
    expect(inMatrix(name).length).toBeGreaterThan(1)
    expect(listed(row)).toEqual(inMatrix(name))
  })

  test("has the versions of TypeORM that are installed here, and those of every week", () => {
    const installed = ["typeorm", "typeorm-0.3", "typeorm-0.3.17"].map((name) =>
      (devDependencies[name] ?? "").replace(/.*@/, ""),
    )
    const [, releases = ""] = /release: \[(.*)\]/.exec(weekly) ?? []

    expect(releases).toContain("newest, next")
    expect(listed("TypeORM")).toEqual([...installed, ...versionsIn(releases)].sort())
  })

  test.each(["pg", "mysql2", "better-sqlite3"])("has the major version of %s", (name) => {
    expect(readme).toMatch(new RegExp(`^\\| .*\\(\`${name}\` ${majorOf(name)}\\)`, "m"))
  })

  test("has the versions of NestJS that the examples run with", () => {
    const folders = ["examples/nestjs", "examples/nestjs/nest-11"]
    const majors = folders.map((folder) => {
      const { dependencies } = JSON.parse(readText(`${folder}/package.json`)) as {
        readonly dependencies: Readonly<Record<string, string>>
      }
      return /\d+/.exec(dependencies["@nestjs/common"] ?? "")?.[0]
    })

    expect(listed("NestJS")).toEqual(majors.sort())
    expect(peerDependencies["@nestjs/common"]?.match(/\d+(?=\.0\.0)/g)?.sort()).toEqual(majors)
  })
})

describe("what package.json admits", () => {
  test("of Node.js is what the workflow runs, and what the README says", () => {
    const lowest = versionsIn(manifest.engines.node).map((version) => version.replace(/\.0$/, ""))

    expect(lowest.map((version) => version.replace(/\..*/, ""))).toEqual(inMatrix("node"))
    const [last = "", ...others] = [...lowest].reverse()
    expect(readme).toContain(`Node.js ${others.reverse().join(", ")} or ${last} and above`)
  })

  test("of TypeORM begins with versions that are tested, and ends after the newest of them", () => {
    const [oldest = "", first = "", end = ""] = versionsIn(peerDependencies.typeorm)
    const [, newestMinor] = /^1\.(\d+)/.exec(devDependencies.typeorm ?? "") ?? []

    expect(listed("TypeORM")).toEqual(expect.arrayContaining([oldest, first]))
    expect(end).toBe(`1.${Number(newestMinor) + 1}.0`)
  })
})

describe("workflows", () => {
  const files = readdirSync(".github/workflows").map((name) => `.github/workflows/${name}`)

  test.each(files)("%s runs actions by their digest, with their version beside it", (path) => {
    const used = [...readText(path).matchAll(/uses: (?!\.\/)(.*)$/gm)].map(([, action]) => action)

    expect(used).not.toEqual([])
    expect(used.filter((one) => !/^[\w/-]+@[0-9a-f]{40} # v[\d.]+$/.test(one ?? ""))).toEqual([])
  })

  test("name one digest for each version of an action", () => {
    const used = files.flatMap((path) => readText(path).match(/[\w/-]+@[0-9a-f]{40}.*$/gm) ?? [])
    const names = new Set(used.map((one) => one.replace(/@.*/, "")))

    expect(new Set(used).size).toBe(names.size)
  })
})
