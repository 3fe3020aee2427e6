import { beforeAll, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  type ObjectLiteral,
  PrimaryColumn,
  type QueryBuilder,
} from "typeorm"

import { EncryptedColumn } from "../../../src"
import { withQuotedNames } from "../../../src/binding/queries/quoted-names"
import { placesOf } from "../../../src/binding/queries/sql-scopes"
import { tokenize } from "../../../src/binding/queries/sql-tokens"
import { mentionsIn } from "../../../src/binding/queries/string-mentions"
import { boundSource } from "../memory-source"

class Contact {
  @EncryptedColumn() phone!: string
}

@Entity()
class User {
  @PrimaryColumn() id!: number
  @Column() n!: number
  @EncryptedColumn({ name: "e_mail" }) email!: string
  @EncryptedColumn() first!: string
  @Column(() => Contact) contact!: Contact
}

@Entity()
class Post {
  @PrimaryColumn() id!: number
  @EncryptedColumn() title!: string
}

@Entity()
class Access {
  @PrimaryColumn() id!: number
  @EncryptedColumn() key!: string
  @EncryptedColumn() set!: string
}

let source: DataSource

beforeAll(async () => {
  source = await boundSource([User, Post, Access])
})

const users = (): QueryBuilder<ObjectLiteral> => source.createQueryBuilder(User, "u")

/** The encrypted columns that a statement of a builder names, as it spells them. */
function mentioned(sql: string, builder = users()): readonly string[] {
  const tokens = withQuotedNames(tokenize(sql, "postgres"), "postgres")
  const map = builder.expressionMap
  const reading = { dataSource: source, map, tokens, places: placesOf(tokens) }
  return mentionsIn(reading).map(({ start, end, bound, isDerived }) => {
    const spelt = sql.slice(tokens[start]?.start, tokens[end - 1]?.end)
    return `${spelt}: ${bound.property}${isDerived ? " inside" : ""}`
  })
}

type Case = readonly [sql: string, ...mentions: string[]]

describe("a name by itself", () => {
  test.each<Case>([
    ["SELECT 1 FROM user u WHERE email = 1", "email: User.email"],
    ["SELECT 1 FROM user u WHERE E_Mail = 1", "E_Mail: User.email"],
    ['SELECT 1 FROM user u WHERE "email"(1)', '"email": User.email'],
    ["SELECT email FROM user u", "email: User.email"],
    ["SELECT DISTINCT email FROM user u", "email: User.email"],
    ["SELECT DISTINCT ON (u.n) email FROM user u", "email: User.email"],
    ["SELECT ALL email FROM user u", "email: User.email"],
    ["SELECT u.n, email FROM user u", "email: User.email"],
    ["SELECT - email FROM user u", "email: User.email"],
    ["SELECT u.n FROM user u GROUP BY email", "email: User.email"],
    ["SELECT u.n FROM user u ORDER BY u.n, email", "email: User.email"],
    ...[...["AND", "BETWEEN", "CASE", "ELSE", "IN", "IS", "LIKE", "NOT", "OR", "THEN", "WHEN"]].map(
      (word): Case => [`SELECT 1 ${word} email FROM user u`, "email: User.email"],
    ),
    [
      "SELECT 1 FROM user u WHERE EXISTS (SELECT 1 FROM post p WHERE email = 1)",
      "email: User.email",
    ],
    [
      "SELECT 1 FROM user u WHERE EXISTS (SELECT 1 FROM post p WHERE title = 1)",
      "title: Post.title",
    ],
    ["SELECT 1 FROM user u, post q WHERE title = 1", "title: Post.title"],
    ["SELECT 1 FROM user u JOIN user v USING (n, email)", "email: User.email"],
    [
      "SELECT 1 FROM user u WHERE u.n IN (SELECT 1 FROM (SELECT x.id, x.title FROM post x) d WHERE title = 1)",
      "x.title: Post.title",
      "title: Post.title inside",
    ],
  ])("is a column: %s", (sql, ...mentions) => {
    expect(mentioned(sql)).toEqual(mentions)
  })

  test.each([
    "SELECT u.n AS email FROM user u",
    "SELECT u.n email FROM user u",
    "SELECT (u.n) email FROM user u",
    "SELECT u.n[1] email FROM user u",
    "SELECT 'x' email FROM user u",
    'SELECT "n" email FROM user u',
    "SELECT 1 FROM user u WHERE u.n::email = 1",
    "SELECT 1 FROM user u WHERE email 'x' = 1",
    "SELECT 1 FROM user u WHERE email(1) = 1",
    "SELECT 1 FROM user u ORDER BY u.n NULLS first",
    "SELECT 1 FROM email",
    "SELECT 1 FROM user u LIMIT email",
    "INSERT INTO user (email) VALUES (1) ON CONFLICT (email) DO NOTHING",
    "UPDATE user SET n = 1 RETURNING n email, n AS email",
    "SELECT 1 FROM user u WHERE title = 1",
    "SELECT 1 FROM user u, user v WHERE email = 1",
    "SELECT 1 FROM user u WHERE u.n IN (SELECT 1 FROM user v, user w WHERE email = 1)",
  ])("is none: %s", (sql) => {
    expect(mentioned(sql)).toEqual([])
  })

  test.each<Case>([
    ["SELECT u.n AS email FROM user u ORDER BY email"],
    ["SELECT u.n email FROM user u ORDER BY EMAIL"],
    ["SELECT u.id, u.n AS email FROM user u GROUP BY email"],
    ["SELECT u.n AS other FROM user u ORDER BY email", "email: User.email"],
    ["SELECT u.n AS email FROM user u WHERE email = 1", "email: User.email"],
    ["SELECT u.email FROM user u ORDER BY email", "u.email: User.email", "email: User.email"],
    ["SELECT email FROM user u ORDER BY email", "email: User.email", "email: User.email"],
    ["SELECT - email FROM user u ORDER BY email", "email: User.email", "email: User.email"],
    ["SELECT u.n FROM user u ORDER BY email", "email: User.email"],
  ])("is the alias of an item where one has it: %s", (sql, ...mentions) => {
    expect(mentioned(sql)).toEqual(mentions)
  })

  test("is a column of the table that an UPDATE or a DELETE is of, and of no other", () => {
    const updating = source.createQueryBuilder().update(User)
    const deleting = source.createQueryBuilder().delete().from(User)

    const set = "UPDATE user SET first = 1, n = (n = email), email = 1 WHERE n = 1 RETURNING email"
    expect(mentioned(set, updating)).toEqual([
      "first: User.first",
      ...["email: User.email", "email: User.email", "email: User.email"],
    ])
    for (const builder of [updating, deleting]) {
      expect(mentioned("DELETE FROM user WHERE email = 1", builder)).toEqual(["email: User.email"])
      expect(mentioned("DELETE FROM user, post WHERE title = 1", builder)).toEqual([])
    }
  })
})

test("what an upsert did not insert has the columns of its table", () => {
  const inserting = source.createQueryBuilder().insert().into(User)
  const sql =
    "INSERT INTO user (n) VALUES (email) ON CONFLICT (n) DO UPDATE SET n = EXCLUDED.email RETURNING id"

  expect(mentioned(sql, inserting)).toEqual(["email: User.email", "EXCLUDED.email: User.email"])
  expect(mentioned("SELECT 1 FROM user u WHERE excluded.email = 1")).toEqual([])
  expect(
    mentioned(
      "INSERT INTO user (n) VALUES (1) ON DUPLICATE KEY UPDATE n = VALUES(email), first = 1",
      inserting,
    ),
  ).toEqual(["email: User.email", "first: User.first"])
})

test("a column that is called like a keyword of an upsert is none where that is one", () => {
  const inserting = source.createQueryBuilder().insert().into(Access)
  const sql = "INSERT INTO access (id) VALUES (1) ON DUPLICATE KEY UPDATE `key` = VALUES(`key`)"
  const quoted = sql.replaceAll("`", '"')

  expect(mentioned(quoted, inserting)).toEqual(['"key": Access.key', '"key": Access.key'])
  expect(mentioned("SELECT 1 FROM access a FOR UPDATE")).toEqual([])
})

describe("a name with others before it", () => {
  test.each<Case>([
    ["SELECT 1 FROM user u WHERE u.email = 1", "u.email: User.email"],
    ["SELECT 1 FROM user u WHERE U.E_MAIL = 1", "U.E_MAIL: User.email"],
    ["SELECT 1 FROM user u WHERE u.contact.phone = 1", "u.contact.phone: User.contact.phone"],
    ["SELECT 1 FROM user u WHERE main.u.email = 1", "main.u.email: User.email"],
    ["SELECT 1 FROM user u WHERE (u).email = 1", "(u).email: User.email"],
    ["SELECT 1 FROM user u WHERE ((u)).email = 1", "((u)).email: User.email"],
    ["SELECT 1 FROM user u WHERE (u).n = 1 AND (u, u) = (u.n)"],
    ["SELECT 1 FROM user u JOIN post p ON p.title = 1", "p.title: Post.title"],
    [
      "SELECT 1 FROM user u WHERE 1 IN (SELECT 1 FROM a JOIN b ON a.x = b.x, post c WHERE c.title = 1)",
      "c.title: Post.title",
    ],
    ["SELECT 1 FROM user u WHERE u.n = 1"],
    ["SELECT 1 FROM user u WHERE u.nothing = 1"],
    ["SELECT 1 FROM user u WHERE user.email = 1"],
    ["SELECT 1 FROM user u WHERE v.email = 1"],
    ["SELECT 1 FROM nobody v WHERE v.email = 1"],
    ["SELECT 1 FROM user u WHERE u.n IN (SELECT u.title FROM post u)", "u.title: Post.title"],
  ])("is a column of what these call, if it has one: %s", (sql, ...mentions) => {
    expect(mentioned(sql)).toEqual(mentions)
  })

  test("is of the alias that is spelt alike, and else of one in another case", () => {
    const builder = source.createQueryBuilder(User, "u").addFrom(Post, "U")
    const where = (condition: string): readonly string[] =>
      mentioned(`SELECT 1 FROM user u, post U WHERE ${condition}`, builder)

    expect(where("u.email = 1")).toEqual(["u.email: User.email"])
    expect(where("U.title = 1")).toEqual(["U.title: Post.title"])
    expect(where("u.title = 1")).toEqual([])
  })

  test("is of the table itself where an UPDATE or a DELETE has no alias", () => {
    const updating = source.createQueryBuilder().update(User)

    expect(mentioned("UPDATE user SET n = 1 WHERE user.email = 1", updating)).toEqual([
      "user.email: User.email",
    ])
    expect(mentioned('UPDATE user SET n = 1 WHERE "USER".email = 1', updating)).toEqual([
      '"USER".email: User.email',
    ])
    expect(mentioned("UPDATE user SET n = 1 WHERE other.email = 1", updating)).toEqual([])
  })
})

describe("a column of a SELECT inside", () => {
  const inner = "x.email: User.email"

  test.each<Case>([
    ["(SELECT x.id, x.email FROM user x) d WHERE d.email = 1", inner, "d.email: User.email inside"],
    [
      "(SELECT x.id, x.email mail FROM user x) d WHERE d.MAIL = 1",
      inner,
      "d.MAIL: User.email inside",
    ],
    ["(SELECT x.email AS mail FROM user x) d WHERE d.mail = 1", inner, "d.mail: User.email inside"],
    [
      "(SELECT email AS mail FROM user x) d WHERE d.mail = 1",
      "email: User.email",
      "d.mail: User.email inside",
    ],
    ["(SELECT x.id, x.email FROM user x) d(a, b) WHERE d.b = 1", inner, "d.b: User.email inside"],
    ["(SELECT x.id, x.email FROM user x) d(a, b) WHERE d.a = 1", inner],
    ["(SELECT x.id, x.email FROM user x) d WHERE d.id = 1", inner],
    ["(SELECT x.email + 1 AS mail FROM user x) d WHERE d.mail = 1", inner],
    ["(SELECT x.email OR mail FROM user x) d WHERE d.mail = 1", inner],
    ["(SELECT 1 + 2 AS mail, x.email FROM user x) d WHERE d.mail = 1", inner],
    ["(SELECT * FROM user) d WHERE d.e_mail = 1", "d.e_mail: User.email inside"],
    ["(SELECT x.email AS mail FROM user x) WHERE mail = 1", inner, "mail: User.email inside"],
    ["(SELECT y.* FROM post x, user y) d WHERE d.email = 1", "d.email: User.email inside"],
    ["(SELECT x.* FROM post x, user y) d WHERE d.email = 1"],
    [
      "(SELECT d.* FROM (SELECT x.email FROM user x) d) e WHERE e.email = 1",
      inner,
      "e.email: User.email inside",
    ],
  ])("is what it selects as it is: SELECT 1 FROM %s", (sql, ...mentions) => {
    const builder = source.createQueryBuilder().select("1")

    expect(mentioned(`SELECT 1 FROM ${sql}`, builder)).toEqual(mentions)
  })

  test("is of a WITH, by the names it has there, and nothing of one that is made of itself", () => {
    const builder = source.createQueryBuilder().select("1")
    const inside = "SELECT x.email FROM user x"

    expect(mentioned(`WITH c (mail) AS (${inside}) SELECT c.mail FROM c`, builder)).toEqual([
      ...[inner, "c.mail: User.email inside"],
    ])
    expect(mentioned("WITH c AS (SELECT c.mail FROM c) SELECT c.mail FROM c", builder)).toEqual([])
  })
})
