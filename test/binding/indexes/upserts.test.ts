import { beforeAll, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  type ObjectLiteral,
  PrimaryColumn,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { keyring } from "../../support/keys"
import { boundSource, memorySource } from "../memory-source"

@Entity()
class Club {
  @PrimaryColumn() id!: number
}

@Entity()
class Member {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Club) club?: Club
  @Column({ type: "varchar", nullable: true }) left?: string | null
  @EncryptedColumn({
    nullable: true,
    blindIndex: { unique: { within: ["club"], whereNull: ["left"] } },
  })
  email?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: { unique: true } }) badge?: string | null
  @EncryptedColumn({
    nullable: true,
    blindIndex: { with: ["lastName"], unique: true, name: "names" },
  })
  firstName?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) lastName?: string | null
  @EncryptedColumn({ nullable: true }) notes?: string | null
}

/** Of which a seat is unique by itself, along with another, and within a room. */
@Entity()
class Seat {
  @PrimaryColumn() id!: number
  @Column() room!: number
  @EncryptedColumn({
    blindIndex: [
      { unique: true },
      { name: "pair", with: ["row"], unique: true },
      { name: "in_room", unique: { within: ["room"] } },
    ],
  })
  seat!: string
  @EncryptedColumn({ blindIndex: { unique: true } }) row!: string
}

/** The statement of an upsert of some columns, by names of the database. */
function upsertOf(
  source: DataSource,
  overwrite: string[],
  conflict: string[],
  values: ObjectLiteral = { id: 1 },
): string {
  const builder = source.createQueryBuilder().insert().into(Member).values(values)
  return builder.orUpdate(overwrite, conflict).getQuery()
}

describe("the conflict path of an upsert", () => {
  let source: DataSource

  beforeAll(async () => {
    source = await boundSource([Member, Club])
  })

  const conflictIn = (sql: string): string | undefined =>
    / ON CONFLICT (.*?) DO UPDATE/.exec(sql)?.[1]

  test.each<[string[], string]>([
    [["id"], '( "id" )'],
    [["badge"], '( "badge_bidx" )'],
    [["badge_bidx"], '( "badge_bidx" )'],
    [["badge", "badge_bidx"], '( "badge_bidx" )'],
    [["firstName", "lastName"], '( "names" )'],
    [["email", "clubId"], '( "clubId", "email_bidx" ) WHERE "left" IS NULL'],
    [["clubId", "email_bidx"], '( "clubId", "email_bidx" ) WHERE "left" IS NULL'],
  ])("%p is that of the unique index over it", (path, expected) => {
    expect(conflictIn(upsertOf(source, ["left"], path))).toBe(expected)
  })

  test.each(["firstName", "lastName", "notes"])(
    "%s is refused, for which there is no unique index",
    (column) => {
      expect(() => upsertOf(source, ["left"], [column])).toThrow(
        `Member.${column} is encrypted: it cannot be the conflict path of an upsert without a ` +
          "blind index that is unique. Declare blindIndex: { unique: true }, or use another path.",
      )
    },
  )

  test("is refused without the scope in which the index is unique", () => {
    expect(() => upsertOf(source, ["left"], ["email"])).toThrow(
      "Member.email is unique within club.id only, so that it cannot be the conflict path of an upsert " +
        "alone. Add club.id to the path.",
    )
  })

  test("is that of the index over most of the path", async () => {
    const seats = await boundSource([Seat])
    const pathOf = (...conflict: string[]): string | undefined => {
      const builder = seats.createQueryBuilder().insert().into(Seat).values({ id: 1 })
      return conflictIn(builder.orUpdate(["id"], conflict).getQuery())
    }

    expect(pathOf("seat")).toBe('( "seat_bidx" )')
    expect(pathOf("seat", "row")).toBe('( "pair" )')
    expect(pathOf("seat", "room")).toBe('( "room", "in_room" )')
  })

  test("is the column itself as long as it is stored in plaintext", async () => {
    const options = { keyring, plaintext: "keep" } as const
    const keeping = await withEncryption(memorySource([Member, Club]), options).initialize()

    expect(conflictIn(upsertOf(keeping, ["left"], ["badge"]))).toBe('( "badge" )')
  })

  test("leaves the caller's options and the builder as they are", () => {
    const builder = source.createQueryBuilder().insert().into(Member, ["id", "badge"])
    builder.values({ id: 1, badge: "7" }).orUpdate(["badge"], ["badge"])
    const { onUpdate, insertColumns, valuesSet } = builder.expressionMap
    const before = JSON.stringify([onUpdate, insertColumns, valuesSet])

    builder.getQuery()

    expect(builder.expressionMap.onUpdate).toBe(onUpdate)
    expect(builder.expressionMap.insertColumns).toBe(insertColumns)
    expect(JSON.stringify([onUpdate, insertColumns, valuesSet])).toBe(before)
  })
})

describe("what an upsert overwrites", () => {
  let source: DataSource

  beforeAll(async () => {
    source = await boundSource([Member, Club])
  })

  const overwritten = (...overwrite: string[]): string[] => {
    const [, set = ""] = upsertOf(source, overwrite, ["id"]).split("DO UPDATE SET ")
    return set.split(", ").map((one) => /"(\w+)"/.exec(one)?.[1] ?? "")
  }

  test("has the index of each column that it has, once", () => {
    expect(overwritten("badge")).toEqual(["badge", "badge_bidx"])
    expect(overwritten("badge", "badge_bidx")).toEqual(["badge", "badge_bidx"])
    expect(overwritten("left")).toEqual(["left"])
    expect(overwritten("firstName", "lastName")).toEqual([
      ...["firstName", "lastName", "names", "lastName_bidx"],
    ])
  })

  test("is refused with an index and none of its columns", () => {
    expect(() => overwritten("badge_bidx")).toThrow("cannot be set")
    expect(() => overwritten("names", "badge")).toThrow("cannot be set")
  })

  test.each(["firstName", "lastName"])(
    "is refused with %s alone of what is indexed together",
    (column) => {
      expect(() => overwritten(column)).toThrow(
        "Member.firstName, Member.lastName are indexed together, and the write holds only some of them",
      )
    },
  )
})

describe("an upsert", () => {
  test("finds the row with an equal value, in its scope, and changes cell and index", async () => {
    const source = await boundSource([Member, Club])
    const members = source.getRepository(Member)
    await source.getRepository(Club).insert([{ id: 1 }, { id: 2 }])
    const path = ["email", "club"]
    const inClub = (id: number): { club: { id: number } } => ({ club: { id } })
    await members.insert({ id: 9, email: "a", left: "2020", ...inClub(1) })

    await members.upsert({ id: 1, email: "a", badge: "1", ...inClub(1) }, path)
    await members.upsert({ id: 1, email: "a", badge: "2", ...inClub(1) }, path)
    await members.upsert({ id: 2, email: "a", badge: "3", ...inClub(2) }, path)

    const rows = await source.query<ObjectLiteral[]>(
      "SELECT id, email_bidx, badge_bidx FROM member ORDER BY id",
    )
    const email_bidx = digestOf("member/email/email_bidx", "a")
    const badge = (text: string): string => digestOf("member/badge/badge_bidx", text)
    expect(rows).toEqual([
      { id: 1, email_bidx, badge_bidx: badge("2") },
      { id: 2, email_bidx, badge_bidx: badge("3") },
      { id: 9, email_bidx, badge_bidx: null },
    ])
    expect((await members.findOneByOrFail({ id: 1 })).badge).toBe("2")
  })
})

describe("an INSERT of some columns", () => {
  test("has the index of those whose columns are all among them", async () => {
    const source = await boundSource([Member, Club])
    const insertOf = (...columns: string[]): string =>
      source.createQueryBuilder().insert().into(Member, columns).values({ id: 1 }).getQuery()

    expect(insertOf("id", "badge")).toContain('("id", "badge", "badge_bidx")')
    expect(insertOf("id", "badge", "badge_bidx")).toContain('("id", "badge", "badge_bidx")')
    expect(insertOf("id", "badge_bidx")).not.toContain("badge_bidx")
    expect(insertOf("firstName")).not.toContain("names")
    expect(insertOf("firstName", "lastName")).toContain("names")
  })
})
