import { existsSync } from "node:fs"

import { expect, test } from "@jest/globals"

import { readText } from "./regions"

test("what the vault's Dockerfile copies is there", () => {
  const copied = Array.from(
    readText("examples/credential-vault/Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm),
    ([, paths = ""]) => paths.split(" "),
  ).flat()

  expect(copied).toContain("package.json")
  expect(copied.filter((path) => !existsSync(path))).toEqual([])
})
