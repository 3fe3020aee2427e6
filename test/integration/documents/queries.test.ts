import { beforeAll, expect, test } from "@jest/globals"
import {
  type DataSource,
  Equal,
  In,
  IsNull,
  JsonContains,
  Not,
  Raw,
  type Repository,
} from "typeorm"

import { UnsupportedQueryError, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { documentTypes, encryptedWebhooks, everything, type Webhook } from "./webhooks"

/** What asks for parts that are in plaintext, as each database spells it; `w.config` is the document. */
const answered = {
  PostgreSQL: [
    "w.config ->> 'kind' = :kind",
    "w.config ->> :key = :kind",
    "(w.config -> 'headers') ->> 'Accept' = '*/*'",
    "w.config -> 'headers' -> 'Accept' IS NOT NULL",
    "w.config #>> '{headers,Accept}' = '*/*'",
    "w.config['kind'] = '\"http\"'",
    "w.config -> 'actions' -> 0 ->> 'name' = 'first'",
    "w.config @> :pattern",
    "w.config -> 'headers' @> :accept",
    "w.config @> :nothing",
    "(w.config ->> 'count')::int > 2",
    "LOWER(w.config ->> 'kind') LIKE 'ht%'",
    "jsonb_extract_path_text(w.config, 'headers', 'Accept') = '*/*'",
    "w.config -> 'headers' -> 'Authorization' IS NOT NULL",
    "w.config IS NOT NULL",
  ],
  MariaDB: [
    "JSON_VALUE(w.config, '$.kind') = :kind",
    "JSON_UNQUOTE(JSON_EXTRACT(w.config, '$.headers.Accept')) = '*/*'",
    "JSON_EXTRACT(w.config, '$.actions[0].name') = 'first'",
    "JSON_VALUE(w.config, '$.count') > 2",
    "JSON_EXTRACT(w.config, '$.headers.Authorization') IS NOT NULL",
    "w.config IS NOT NULL",
  ],
  SQLite: [
    "w.config ->> 'kind' = :kind",
    "w.config ->> '$.headers.Accept' = '*/*'",
    "json_extract(w.config, '$.actions[0].name') = 'first'",
    "json_extract(w.config, '$.count') > 2",
    "json_extract(w.config, '$.headers.Authorization') IS NOT NULL",
    "w.config IS NOT NULL",
  ],
} as const

const refused = {
  PostgreSQL: [
    "w.config -> 'headers' ->> 'Authorization' = :secret",
    "w.config ->> 'x.y' = :secret",
    "w.config #>> '{headers,Authorization}' = :secret",
    "w.config #> :list = :secret",
    "w.config['headers']['Authorization'] = :secret",
    "w.config -> 'actions' -> 0 ->> 'token' = :secret",
    "w.config -> 'actions' -> -1 ->> 'token' = :secret",
    "w.config -> 'actions' -> 2 -> 'token' -> 'nested' = :secret",
    "w.config -> :unset ->> 'Authorization' = :secret",
    "(w.config -> 'headers') ->> 'Authorization' = :secret",
    "w.config -> 'headers' = :secret",
    "w.config = :secret",
    "w.config::text LIKE '%x%'",
    "w.config::jsonb -> 'headers' ->> 'Authorization' = :secret",
    "w.config @> :sealed",
    `w.config @> '{"x.y": 1}'`,
    "jsonb_extract_path_text(w.config, 'headers', 'Authorization') = :secret",
    "jsonb_path_exists(w.config, '$.headers.Authorization')",
    "EXISTS (SELECT 1 FROM jsonb_each_text(w.config) e WHERE e.value = :secret)",
  ],
  MariaDB: [
    "JSON_VALUE(w.config, '$.headers.Authorization') = :secret",
    "JSON_EXTRACT(w.config, '$.actions[0].token') = :secret",
    "JSON_EXTRACT(w.config, '$.actions[*].token') = :secret",
    "JSON_EXTRACT(w.config, '$**.token') = :secret",
    "JSON_VALUE(w.config, :path) = :secret",
    "JSON_EXTRACT(w.config, '$.headers') = :secret",
    "JSON_CONTAINS(w.config, :secret)",
    "JSON_SEARCH(w.config, 'one', 'x') IS NOT NULL",
    "w.config = :secret",
  ],
  SQLite: [
    "w.config ->> '$.headers.Authorization' = :secret",
    "w.config -> 'headers' ->> 'Authorization' = :secret",
    `json_extract(w.config, '$."x.y"') = :secret`,
    "json_extract(w.config, '$.kind', '$.headers.Authorization') = :secret",
    "w.config LIKE '%x%'",
    "w.config = :secret",
  ],
} as const

const parameters = {
  kind: "http",
  key: "kind",
  secret: "Bearer s3cret",
  list: ["headers", "Authorization"],
  path: "$.headers.Authorization",
  pattern: JSON.stringify({ headers: { Accept: "*/*" }, actions: [{ name: "first" }] }),
  accept: { Accept: "*/*" },
  nothing: { actions: [{ token: null }] },
  sealed: { headers: { Authorization: "Bearer s3cret" } },
}

eachDatabase("conditions on documents", (db) => {
  let source: DataSource
  let webhooks: Repository<Webhook>

  beforeAll(async () => {
    const [type = "json"] = documentTypes[db.name]
    const entity = encryptedWebhooks(type)
    source = await db.connect({ entities: [entity], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    webhooks = source.getRepository(entity)
    await webhooks.save([
      { id: 1, config: everything },
      { id: 2, config: { kind: "mail", count: 1, headers: {} } },
      { id: 3, config: null },
    ])
  })

  const where = (condition: string) =>
    webhooks.createQueryBuilder("w").where(condition).setParameters(parameters)

  test.each(answered[db.name])("by strings are answered: %s", async (condition) => {
    const found = await where(condition).getMany()

    const expected = condition === "w.config IS NOT NULL" ? [1, 2] : [1]
    expect(found.map(({ id }) => id)).toEqual(expected)
    expect(found[0]?.config).toEqual(everything)
  })

  test.each(refused[db.name])("by strings are refused: %s", (condition) => {
    expect(() => where(condition).getQuery()).toThrow(UnsupportedQueryError)
    expect(() => where(condition).getQuery()).toThrow(/^Webhook\.config is encrypted/)
    expect(messageOf(() => where(condition).getQuery())).not.toContain("s3cret")
  })

  test("order, group and select what is in plaintext, and nothing else", async () => {
    const [plain, sealed] =
      db.name === "PostgreSQL"
        ? ["w.config ->> 'kind'", "w.config -> 'headers' ->> 'Authorization'"]
        : ["json_extract(w.config, '$.kind')", "json_extract(w.config, '$.headers.Authorization')"]
    const builder = () => webhooks.createQueryBuilder("w")

    const rows = await builder()
      .select(plain, "kind")
      .where("w.config IS NOT NULL")
      .orderBy(plain, "DESC")
      .getRawMany<{ kind: string }>()
    expect(rows.map(({ kind }) => kind.replaceAll('"', ""))).toEqual(["mail", "http"])
    for (const query of [
      () => builder().select(sealed, "secret").getQuery(),
      () => builder().orderBy(sealed).getQuery(),
      () => builder().select("COUNT(*)").groupBy(sealed).getQuery(),
      () => builder().select(`MAX(${sealed})`).getQuery(),
      () => builder().orderBy("w.config").getQuery(),
    ]) {
      expect(query).toThrow(UnsupportedQueryError)
    }
  })

  test("by operators are answered, or refused, as they stand", async () => {
    const ids = async (config: unknown) =>
      (await webhooks.find({ where: { config } as never, order: { id: "ASC" } })).map(
        ({ id }) => id,
      )

    expect(await ids(IsNull())).toEqual([3])
    expect(await ids(Not(IsNull()))).toEqual([1, 2])
    for (const condition of [everything, Equal(everything), In([everything]), Not(everything)]) {
      await expect(ids(condition)).rejects.toThrow(UnsupportedQueryError)
    }
    // TypeORM 0.3.17 throws at once
    const update = async () => {
      await webhooks.update({ config: everything }, { version: 2 })
    }
    await expect(update()).rejects.toThrow(UnsupportedQueryError)
    const kind = (column: string) =>
      db.name === "PostgreSQL" ? `${column} ->> 'kind'` : `json_extract(${column}, '$.kind')`
    const secret = (column: string) =>
      db.name === "PostgreSQL" ? `${column} ->> 'x.y'` : `json_extract(${column}, '$."x.y"')`
    const raw = Raw((column) => `${kind(column)} = :kind`, { kind: "mail" })
    expect(await ids(raw)).toEqual([2])
    expect(await ids(Not(raw))).toEqual([1])
    expect(await ids(raw)).toEqual([2])
    await expect(ids(Raw((column) => `${secret(column)} = :kind`, { kind: 1 }))).rejects.toThrow(
      UnsupportedQueryError,
    )
    expect(await webhooks.update({ config: raw }, { version: 7 })).toMatchObject({
      affected: 1,
    })
  })

  if (db.name === "PostgreSQL") {
    test("ask what documents contain", async () => {
      const ids = async (config: unknown) =>
        (await webhooks.find({ where: { config } as never })).map(({ id }) => id)
      const accept = JsonContains({ headers: { Accept: "*/*" } })

      expect(await ids(accept)).toEqual([1])
      expect(await ids(accept)).toEqual([1])
      expect(await ids(Not(accept))).toEqual([2])
      expect(await ids(JsonContains({ actions: [{ token: null }] }))).toEqual([1])
      for (const pattern of [
        { headers: { Authorization: "Bearer s3cret" } },
        { actions: [{}, { token: "t0k3n" }] },
        { "x.y": false },
      ]) {
        const query = ids(JsonContains(pattern))
        await expect(query).rejects.toThrow(UnsupportedQueryError)
        await expect(query).rejects.not.toThrow("s3cret")
      }
    })
  }

  test("are not what a SET makes of a document", async () => {
    const expression =
      db.name === "PostgreSQL" ? "config || '{}'" : "json_set(config, '$.headers', 1)"

    await expect(webhooks.update({ id: 1 }, { config: () => expression })).rejects.toThrow(
      UnsupportedQueryError,
    )
    await expect(
      webhooks
        .createQueryBuilder()
        .update()
        .set({ config: () => expression })
        .execute(),
    ).rejects.toThrow(UnsupportedQueryError)
  })
})

function messageOf(act: () => unknown): string {
  try {
    return `was not refused: ${String(act())}`
  } catch (error) {
    return (error as Error).message
  }
}
