import type { Normalizer } from "../../src/column/blind-index"

/** Keys of the vectors. They protect nothing. */
export const VECTOR_KEYS = {
  first: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
  second: "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=",
} as const

export interface BlindIndexVector {
  readonly name: string
  readonly key: keyof typeof VECTOR_KEYS
  readonly context: string
  readonly normalize?: readonly Normalizer[]
  readonly bits: number
  readonly values: readonly (string | Uint8Array)[]
  /** The values after normalization; the same as `values` if absent. */
  readonly normalized?: readonly string[]
  readonly digest: string
}

const email = { context: "users/email/email_index", bits: 256, values: ["alice@example.com"] }

/** The vectors that the documentation publishes. */
export const blindIndexVectors: readonly BlindIndexVector[] = [
  {
    name: "the default, 128 bits",
    key: "first",
    ...email,
    bits: 128,
    digest: "6d9c15c16124763d5aac67e4458ff94a",
  },
  {
    name: "a table of a schema",
    key: "first",
    ...email,
    context: "clinic/users/email/email_index",
    bits: 128,
    digest: "a9ee2df2fbe36be0b07a70a01ef9dc1e",
  },
  {
    name: "two values of a schema's table",
    key: "first",
    context: "clinic/patients/firstName,lastName/name_index",
    bits: 128,
    values: ["ab", "c"],
    digest: "dd9b2052cf94b0b10ff740a0cffb58c5",
  },
  {
    name: "plain text",
    key: "first",
    ...email,
    digest: "6d9c15c16124763d5aac67e4458ff94a13cc44c5b4c2ebb2e6b05257dc2b3d79",
  },
  {
    name: "another key",
    ...email,
    key: "second",
    digest: "67f552cb4291a960b5e96784ea5c7d63e5782a4c80c39b40d3aa954a33b4bb3e",
  },
  {
    name: "another context",
    key: "first",
    ...email,
    context: "customers/email/email_index",
    digest: "34c5db29ceb12db5ee38417aaa92f506487af2edec86f551c7930625ed1709e6",
  },
  {
    name: "no text",
    key: "first",
    ...email,
    values: [""],
    digest: "bb00803a81511003d8e8d7f4729bc469340edafd4429d9a7966207beb0d31a7c",
  },
  {
    name: "trimmed, in lower case",
    key: "first",
    ...email,
    values: ["  Alice@Example.COM\n"],
    normalize: ["trim", "lowercase"],
    normalized: ["alice@example.com"],
    digest: "6d9c15c16124763d5aac67e4458ff94a13cc44c5b4c2ebb2e6b05257dc2b3d79",
  },
  {
    name: "text beyond ASCII",
    key: "first",
    ...email,
    values: ["Zoë 👩\u200d🔬 漢字"],
    digest: "94ae0774499e2fcd476db96b5e880862bc710a3eb3449c062e1da66b2cc05dea",
  },
  {
    name: "wide letters and a ligature",
    key: "first",
    ...email,
    values: ["ＳＴＲＡẞＥ ﬁ"],
    normalize: ["nfkc", "lowercase"],
    normalized: ["straße fi"],
    digest: "2e36d4fc1f7fa8b5410f53f8c2b205cd47c966c0702de3d50362b3bfa40bd07c",
  },
  {
    name: "digits of three scripts",
    key: "first",
    ...email,
    values: ["+20 (10) ٠١٢-３４"],
    normalize: ["digits"],
    normalized: ["201001234"],
    digest: "51bbae2aa619b4b3ed4221bdfd615c0a920229d2871932c6f8026a99d54c1200",
  },
  {
    name: "bytes",
    key: "first",
    ...email,
    values: [Uint8Array.from([0xff, 0xfe, 0x00, 0x01, 0x80])],
    digest: "a3a71bd9c5d285e1336251f757f67049c2f1fba9afd6628c556276531cffaa96",
  },
  { name: "32 bits", key: "first", ...email, bits: 32, digest: "6d9c15c1" },
  { name: "13 bits", key: "first", ...email, bits: 13, digest: "6d98" },
  { name: "1 bit", key: "first", ...email, values: [""], bits: 1, digest: "8" },
  {
    name: "two values",
    key: "first",
    context: "patients/firstName,lastName/name_index",
    values: ["ab", "c"],
    bits: 256,
    digest: "624f87e98901c3e6c9ca8b8a7e2c587a6f0ae71a4c7d8a39a53399376abccbb8",
  },
  {
    name: "two other values of the same letters",
    key: "first",
    context: "patients/firstName,lastName/name_index",
    values: ["a", "bc"],
    bits: 256,
    digest: "0958d54fc688c6b64cefb03fb3895321e0cd9e4039f6b58115a175c1646da6c8",
  },
  {
    name: "three values, one of them empty",
    key: "first",
    context: "patients/firstName,lastName/name_index",
    values: ["Ab", "", "C"],
    normalize: ["lowercase"],
    normalized: ["ab", "", "c"],
    bits: 64,
    digest: "638847d8b66fdfc9",
  },
]

/** The bytes of a vector's values after normalization. */
export function vectorBytes({ values, normalized }: BlindIndexVector): readonly Buffer[] {
  return (normalized ?? values).map((value) => Buffer.from(value as string))
}

/** Of slow indexes: of `alice@example.com` under the first key, in 128 bits. */
export const slowIndexVectors: readonly { readonly slow: number; readonly digest: string }[] = [
  { slow: 12, digest: "458192ca89a0bb320e2e2b15ba0fec00" },
  { slow: 15, digest: "64409a1f7620d96c266475ede30249e9" },
]
