import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { countTo, i32, unsigned } from "../../../src/fernet/batch-engine/assembler/instructions"
import {
  type FunctionFrame,
  ModuleBuilder,
} from "../../../src/fernet/batch-engine/assembler/module-builder"
import type { Code } from "../../../src/fernet/batch-engine/assembler/instructions"
import { webAssembly } from "../../../src/fernet/batch-engine/web-assembly"

function load(module: ModuleBuilder): Record<string, (...given: number[]) => number> {
  const api = webAssembly()
  if (!api) throw new Error("There is no WebAssembly.")
  const { exports } = new api.Instance(new api.Module(module.build(1)))
  return exports as Record<string, (...given: number[]) => number>
}

function compiled(
  parameters: number,
  write: (frame: FunctionFrame) => readonly Code[],
): (...given: number[]) => number {
  const module = new ModuleBuilder()
  module.define("answer", { parameters, results: 1 }, write)
  return load(module).answer ?? (() => NaN)
}

describe("a number", () => {
  test.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624485, [0xe5, 0x8e, 0x26]],
    [0x7fff_ffff, [0xff, 0xff, 0xff, 0xff, 0x07]],
  ])("%i is encoded in as few bytes as it takes", (value, bytes) => {
    expect(unsigned(value)).toEqual(bytes)
  })

  test("comes out as it went in", () => {
    const edges = [0, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193]

    for (const value of [...edges, 0x7fff_ffff, -0x8000_0000]) {
      expect(compiled(0, () => [i32.add(value, 0)])()).toBe(value)
    }
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(compiled(0, () => [i32.add(value, 0)])()).toBe(value)
      }),
    )
  })
})

describe("a function", () => {
  test("has as many variables as it takes", () => {
    const sum = compiled(2, ({ parameters, local }) => {
      const more = Array.from({ length: 200 }, () => local("i32"))
      const add = more.map((one) => one.set(i32.add(parameters[0] ?? 0, parameters[1] ?? 0)))
      return [...add, more.reduce<Code>((all, one) => i32.add(all, one), i32.add(0, 0))]
    })

    expect(sum(1, 2)).toBe(600)
  })

  test("calls those before it", () => {
    const module = new ModuleBuilder()
    const double = module.define("double", { parameters: 1, results: 1 }, ({ parameters }) => [
      i32.add(parameters[0] ?? 0, parameters[0] ?? 0),
    ])
    module.define("quadruple", { parameters: 1, results: 1 }, ({ parameters }) => [
      double.call(double.call(parameters[0] ?? 0)),
    ])

    expect(load(module).quadruple?.(3)).toBe(12)
  })

  test("counts from 0 to below a number, and does nothing for 0", () => {
    const sum = compiled(1, ({ parameters, local }) => {
      const [index, total] = [local("i32"), local("i32")]
      return [countTo(parameters[0] ?? 0, index, total.increase(index)), total.get]
    })

    expect([0, 1, 2, 5].map((count) => sum(count))).toEqual([0, 0, 1, 10])
  })
})
