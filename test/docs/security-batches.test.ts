import { readFileSync } from "node:fs"

import { describe, expect, test } from "@jest/globals"

import { LIMITS } from "../../src/fernet/batch-engine/layout"
import { ENGINE_VARIABLE } from "../fernet/engine-states"

const security = readFileSync("SECURITY.md", "utf8")

describe("SECURITY.md", () => {
  test("says up to which length values go through the lanes", () => {
    expect(security).toContain(`four or more of up to ${LIMITS.blocks * 16 - 1} bytes`)
  })

  test("says how the lanes are turned off", () => {
    expect(security).toContain(`${ENGINE_VARIABLE}=off`)
  })
})
