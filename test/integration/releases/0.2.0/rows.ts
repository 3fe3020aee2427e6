import { Sealed } from "../../../../src"
import {
  type Adopted,
  type Apart,
  type ColumnKeyed,
  type Indexed,
  type Referral,
  type Sample,
  type Seat,
  type Subscriber,
  type Visit,
  type Webhook,
} from "./model"

/** What is in the tables, as an application has it: the dumps are made of it and compared with it. */

const nothing: Omit<Sample, "id"> = {
  text: null,
  line: null,
  number: null,
  bigint: null,
  boolean: null,
  date: null,
  json: null,
  bytes: null,
  money: null,
  padded: null,
  sealed: null,
  constrained: null,
}

export const samples: readonly Sample[] = [
  {
    id: 1,
    text: "Zoë 👩🏽‍⚕️\r\n\t\0",
    line: "078-05-1120",
    number: 81.5,
    bigint: 2n ** 70n,
    boolean: true,
    date: new Date("1970-01-02T03:04:05.678Z"),
    json: { allergies: ["nuts", "pollen"], none: null, "": { deep: [1, [true]] } },
    bytes: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
    money: { cents: 1250, currency: "EUR" },
    padded: "short",
    sealed: Sealed.of("a sealed value"),
    constrained: "kept out in plaintext",
  },
  {
    id: 2,
    text: "",
    line: "",
    number: -0,
    bigint: -(2n ** 63n) - 1n,
    boolean: false,
    date: new Date("-000044-03-15T00:00:00.000Z"),
    json: "a text",
    bytes: Buffer.alloc(0),
    money: { cents: 0, currency: "" },
    padded: "",
    sealed: Sealed.of(""),
    constrained: "",
  },
  {
    id: 3,
    ...nothing,
    text: "x".repeat(20_000),
    number: Number.MIN_VALUE,
    json: [1e300, false, []],
    padded: "p".repeat(1000),
  },
  { id: 4, ...nothing },
]

/** Under the key of before. */
export const oldSamples: readonly Sample[] = [
  { ...nothing, id: 11, text: "of the old key", number: 7, padded: "padded", json: ["old"] },
]

function person(id: number, name: string, rest: Partial<Indexed> = {}): Indexed {
  return {
    id,
    text: `text of ${name}`,
    email: `${name}@Example.com`,
    town: "ＫÖLN",
    wide: `wide ${name}`,
    truncated: `truncated ${name}`,
    slow: `04${id}`,
    iban: `DE02120300000000${id}051`,
    firstName: name,
    lastName: "Liddell",
    number: id / 2,
    bigint: 10n ** 20n + BigInt(id),
    boolean: id % 2 === 0,
    date: new Date(Date.UTC(2026, 0, id)),
    bytes: Buffer.from([0, id, 255]),
    money: { cents: id * 100, currency: "EUR" },
    padded: `padded ${name}`,
    sealed: Sealed.of(`sealed ${name}`),
    home: { phone: `+49 30 ${id}` },
    work: { phone: `+49 40 ${id}` },
    ...rest,
  }
}

export const people: readonly Indexed[] = [
  person(1, "Alice"),
  person(2, "Bob", { text: "text of Alice", firstName: "alice" }),
  person(3, "Carol", { town: "Bonn", lastName: "Smith" }),
]

/** Under the key of before. */
export const oldPeople: readonly Indexed[] = [person(11, "Dave", { text: "text of Alice" })]

/** Whose e-mail address is taken, in capitals. */
export const secondAlice: Indexed = person(21, "ALICE")

export const seats: readonly Seat[] = [
  { id: 1, tenantId: 1, email: "alice@example.com" },
  { id: 2, tenantId: 2, email: "alice@example.com" },
]

export const subscribers: readonly Subscriber[] = [
  { id: 1, leftIn: 2025, email: "alice@example.com" },
  { id: 2, leftIn: null, email: "alice@example.com" },
]

export const columnKeyed: readonly ColumnKeyed[] = [
  {
    id: 1,
    only: "only here",
    named: "by its old name",
    moving: "on its way",
    document: { secret: "s3cret", plain: 1 },
  },
]

export const adopted: readonly Adopted[] = [
  {
    id: 1,
    email: "alice@example.com",
    weight: 61.25,
    webhook: { headers: { Authorization: "Bearer s3cret", Accept: "*/*" } },
  },
  { id: 2, email: "bob@example.com", weight: null, webhook: { headers: {} } },
]

export const referrals: readonly Referral[] = [
  { id: 1, email: "alice@example.com", note: "of a ward" },
]

export const apart: readonly Apart[] = [{ id: 1, email: "alice@example.com" }]

export const visits: Readonly<Record<"north" | "south", readonly Visit[]>> = {
  north: [{ id: 1, tenant: "north", email: "alice@example.com", note: "of the north" }],
  south: [{ id: 2, tenant: "south", email: "alice@example.com", note: "of the south" }],
}

export const webhookRows: readonly Webhook[] = [
  {
    id: 1,
    config: {
      kind: "http",
      headers: { Authorization: "Bearer s3cret", Accept: "*/*" },
      actions: [
        { token: "t0k3n", name: "first" },
        { token: null },
        { token: 42.5 },
        { token: { nested: [true, null, "deep"] } },
        {},
      ],
      "x.y": false,
    },
  },
  { id: 2, config: { kind: "mail" } },
  { id: 3, config: null },
]
