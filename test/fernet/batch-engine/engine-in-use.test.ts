import crypto from "node:crypto"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import os from "node:os"

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"

import type { Fallback } from "../../../src/fernet/batch-engine/engine-in-use"
import { loadFernet } from "../engine-states"

const CHANNEL = "typeorm-fernet:batch-engine.off"
const KEY = `${Buffer.alloc(32, 7).toString("base64url")}=`

let said: Fallback[] = []

function hear(message: unknown): void {
  said.push(message as Fallback)
}

beforeEach(() => {
  said = []
  subscribe(CHANNEL, hear)
})

afterEach(() => {
  unsubscribe(CHANNEL, hear)
  jest.restoreAllMocks()
})

/** Loads the modules, and has each batch method do its work twice. */
function work(setting?: string): boolean {
  const { engineInUse, Keyring } = loadFernet(setting)
  const keyring = new Keyring([KEY])
  const texts = ["a", "b", "c", "d", "e"]
  for (let time = 0; time < 2; time++) {
    expect(keyring.decryptMany(keyring.encryptMany(texts))).toEqual(texts)
  }
  return engineInUse() !== undefined
}

/** Replaces a property of the global object for a while. */
function withGlobal(name: string, value: unknown, run: () => void): void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  try {
    run()
  } finally {
    if (before) Object.defineProperty(globalThis, name, before)
  }
}

describe("the engine", () => {
  test.each([undefined, "", "on"])("is in use where the variable is %j", (setting) => {
    expect(work(setting)).toBe(true)
    expect(said).toEqual([])
  })

  test.each(["off", "0", "false", "ON?"])("is not in use where the variable is %j", (setting) => {
    expect(work(setting)).toBe(false)
    expect(said).toEqual([{ reason: "environment" }])
  })

  test("is not in use without WebAssembly", () => {
    withGlobal("WebAssembly", undefined, () => {
      expect(work()).toBe(false)
    })

    expect(said).toEqual([{ reason: "no-webassembly" }])
  })

  test("is not in use where its program does not compile", () => {
    const error = new Error("no SIMD")
    const Module = function () {
      throw error
    }

    withGlobal("WebAssembly", { Module }, () => {
      expect(work()).toBe(false)
    })

    expect(said).toEqual([{ reason: "not-compiled", error }])
  })

  test("is not in use where it fails its test", () => {
    // Every hash comes out as another
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: Record<string, never> })
      .WebAssembly
    const Broken = function (module: unknown) {
      const { exports } = new (Instance as unknown as new (given: unknown) => { exports: object })(
        module,
      )
      return { exports: { ...exports, compress: () => 0, sign: () => 0 } }
    }

    withGlobal("WebAssembly", { Module, Instance: Broken }, () => {
      expect(work()).toBe(false)
    })

    expect(said).toEqual([{ reason: "self-test", error: expect.any(Error) }])
  })

  test("is not in use where numbers are big-endian", () => {
    jest.spyOn(os, "endianness").mockReturnValue("BE")

    expect(work()).toBe(false)
    expect(said).toEqual([{ reason: "big-endian" }])
  })

  test("is in use for the batches that are not under FIPS, whenever that is switched", () => {
    const getFips = jest.spyOn(crypto, "getFips").mockReturnValue(1)
    const { engineInUse } = loadFernet("on")

    expect(engineInUse()).toBeUndefined()
    expect(engineInUse()).toBeUndefined()
    expect(said).toEqual([{ reason: "fips" }])

    getFips.mockReturnValue(0)
    expect(engineInUse()).toBeDefined()
    getFips.mockReturnValue(1)
    expect(engineInUse()).toBeUndefined()
    expect(said).toHaveLength(1)
  })

  test("is made once", () => {
    const { engineInUse } = loadFernet("on")

    expect(engineInUse()).toBe(engineInUse())
  })
})
