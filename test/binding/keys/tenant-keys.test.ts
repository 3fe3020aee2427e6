import { afterEach, describe, expect, test } from "@jest/globals"

import { Keyring, TenantKeys, type TenantKeySet } from "../../../src"
import { KeysOfTenants } from "../../../src/binding/keys/keys"
import { keys } from "../../support/keys"

const ofTenants: Record<string, string> = { ward: keys.first, clinic: keys.second }

/** Notes whose keys were asked for. */
function noting(asked: string[], fetch = (tenant: string): TenantKeySet => keyOf(tenant)) {
  return async (tenant: string): Promise<TenantKeySet> => {
    asked.push(tenant)
    await Promise.resolve()
    return fetch(tenant)
  }
}

function keyOf(tenant: string): string {
  const key = ofTenants[tenant]
  if (key === undefined) throw new Error(`no tenant; the key of ward is ${keys.first}`)
  return key
}

describe("the keys of tenants", () => {
  test("are had inside of run, and nowhere else", async () => {
    const tenants = new TenantKeys(keyOf)
    const bound = new KeysOfTenants(tenants, "data")

    const inside = await tenants.run("ward", async () => {
      await Promise.resolve()
      return [tenants.tenant, bound.loaded, bound.get().fingerprints]
    })

    expect(inside).toEqual(["ward", true, new Keyring([keys.first]).fingerprints])
    expect([tenants.tenant, bound.loaded]).toEqual([undefined, false])
    expect(() => bound.ringFor()).toThrow(expect.objectContaining({ code: "ERR_KEY_MISSING" }))
  })

  test("are one ring for all the work of a tenant, fetched once", async () => {
    const asked: string[] = []
    const tenants = new TenantKeys(noting(asked))
    const ring = (): unknown => tenants.rings?.data

    const rings = await Promise.all(
      ["ward", "clinic", "ward", "ward"].map((one) => tenants.run(one, ring)),
    )

    expect(asked).toEqual(["ward", "clinic"])
    expect(new Set(rings).size).toBe(2)
    expect(await tenants.run("ward", ring)).toBe(rings[0])
  })

  test("stay with work that goes on while they are forgotten, or another tenant's is done", async () => {
    const asked: string[] = []
    const tenants = new TenantKeys(noting(asked))

    await tenants.run("ward", async () => {
      const before = tenants.rings
      tenants.forget("ward")
      await tenants.run("clinic", () => {
        expect(tenants.tenant).toBe("clinic")
      })
      expect(tenants.tenant).toBe("ward")
      expect(tenants.rings).toBe(before)
    })
    await tenants.run("ward", () => undefined)
    tenants.forget()
    await tenants.run("clinic", () => undefined)

    expect(asked).toEqual(["ward", "clinic", "ward", "clinic"])
  })

  test("are kept of the tenants that were at work last", async () => {
    const asked: string[] = []
    const fetch = noting(asked, () => keys.first)
    const tenants = new TenantKeys(fetch, { maxTenants: 2 })

    for (const one of ["a", "b", "a", "c", "a", "b"]) await tenants.run(one, () => undefined)

    expect(asked).toEqual(["a", "b", "c", "b"])
  })

  test("are fetched anew when they are old", async () => {
    const asked: string[] = []
    const tenants = new TenantKeys(noting(asked), { maxAge: 0 })

    await tenants.run("ward", () => undefined)
    await tenants.run("ward", () => undefined)

    expect(asked).toEqual(["ward", "ward"])
  })

  test("keep nothing of a failure, nor show what the function said", async () => {
    let isDown = true
    const tenants = new TenantKeys((tenant) => {
      if (isDown) throw new Error(`parsing ${keys.first}`)
      return keyOf(tenant)
    })
    const work = (): never => {
      throw new Error("began without keys")
    }

    const error: unknown = await tenants.run("ward", work).catch((reason: unknown) => reason)
    isDown = false

    expect(error).toMatchObject({ code: "ERR_KEY_MISSING" })
    expect(JSON.stringify([error, (error as Error).stack, (error as Error).cause])).not.toContain(
      keys.first,
    )
    expect(await tenants.run("ward", () => tenants.tenant)).toBe("ward")
  })

  test("are asked for outside of the tenant that is at work", async () => {
    const during: unknown[] = []
    const tenants: TenantKeys = new TenantKeys((tenant) => {
      during.push(tenants.tenant)
      return keyOf(tenant)
    })

    await tenants.run("ward", () => tenants.run("clinic", () => undefined))

    expect(during).toEqual([undefined, undefined])
  })

  test("may be others for blind indexes", async () => {
    const tenants = new TenantKeys((tenant) => ({
      keyring: keyOf(tenant),
      ...(tenant === "ward" && { blindIndexKeyring: [keys.second] }),
    }))
    const index = new KeysOfTenants(tenants, "index")
    const found = (): unknown => [index.areOwn, index.get().fingerprints[0]]

    const [first, second] = [keys.first, keys.second].map(
      (key) => new Keyring([key]).fingerprints[0],
    )
    expect([first, second]).not.toContain(undefined)
    expect(await tenants.run("ward", found)).toEqual([true, second])
    expect(await tenants.run("clinic", found)).toEqual([false, second])
    expect(index.areOwn).toBe(false)
  })

  test.each(["", 7, undefined])("are refused for what is no tenant: %p", async (tenant) => {
    const tenants = new TenantKeys(() => keys.first)

    await expect(tenants.run(tenant as string, () => undefined)).rejects.toThrow(TypeError)
  })

  test("take no option that is unknown or out of range", () => {
    const made = (options: object) => (): unknown => new TenantKeys(keyOf, options)

    expect(made({ maxTenant: 1 })).toThrow(/maxTenants/)
    expect(made({ maxTenants: 0 })).toThrow(RangeError)
    expect(made({ maxTenants: 1.5 })).toThrow(RangeError)
    expect(made({ maxAge: -1 })).toThrow(RangeError)
    expect(made({ maxAge: Number.NaN })).toThrow(RangeError)
    expect(() => new TenantKeys(keys.first as never)).toThrow(TypeError)
  })
})

describe("a key in the environment for the blind indexes of all tenants", () => {
  afterEach(() => {
    delete process.env.BLIND_INDEX_KEY
  })

  test("is refused", async () => {
    const bound = new KeysOfTenants(new TenantKeys(keyOf), "index")
    await bound.load()

    process.env.BLIND_INDEX_KEY = keys.first

    await expect(bound.load()).rejects.toMatchObject({ code: "ERR_KEY_INVALID" })
  })
})
