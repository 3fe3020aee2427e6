import fc from "fast-check"
import type { EntityManager, ObjectLiteral, Repository } from "typeorm"

import { Sealed } from "../../../src"
import { entities, type EntityName, indexesOf, keyPath } from "../model/description"
import { type Change, changes, applyChanges } from "./changes"
import type { Speaker } from "./speaker"

const FORMS = [
  "loaded",
  "partly loaded",
  "by id",
  "new",
  "with children",
  "insert",
  "upsert",
  "insert or update",
  "insert or ignore",
  "remove",
  "softRemove",
  "recover",
] as const

/** A write of entities, or of objects like them. */
export interface Persist {
  readonly kind: "persist"
  readonly form: (typeof FORMS)[number]
  readonly entity: EntityName
  /** One object for each, by its key and what is set on it. */
  readonly rows: readonly { readonly id: number; readonly changes: readonly Change[] }[]
  readonly children: readonly (readonly Change[])[]
  /** What an upsert finds the row by. */
  readonly conflict: "handle" | "id" | "phone"
  readonly skipsUnchanged: boolean
}

/** Every write of entities. */
export function persists(): fc.Arbitrary<Persist> {
  return fc.oneof(persist("Person"), persist("Person"), persist("Club"))
}

/** Forms that ask for relations or columns a club has not. */
const OF_PERSONS: readonly Persist["form"][] = ["with children", "softRemove", "recover"]

function persist(entity: EntityName): fc.Arbitrary<Persist> {
  const row = fc.record({ id: fc.integer({ min: 1, max: 16 }), changes: changes(entity) })
  const isPerson = entity === "Person"
  return fc.record<Persist>({
    kind: fc.constant("persist"),
    form: fc.constantFrom(...FORMS.filter((one) => isPerson || !OF_PERSONS.includes(one))),
    entity: fc.constant(entity),
    rows: fc.uniqueArray(row, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
    children: fc.array(changes("Visit"), { maxLength: 2 }),
    conflict: isPerson ? fc.constantFrom("id", "id", "handle", "phone") : fc.constant("id"),
    skipsUnchanged: fc.boolean(),
  })
}

/** What of a result is the same on both models: identifiers, and entities that were saved. */
export async function runPersist(
  speaker: Speaker,
  manager: EntityManager,
  persist: Persist,
): Promise<unknown> {
  const { entity, form } = persist
  const repository = manager.getRepository<ObjectLiteral>(entity)
  switch (form) {
    case "insert":
      return identifiers(await repository.insert(objects(speaker, persist)))
    case "upsert":
      return upsert(speaker, repository, persist)
    case "insert or ignore":
    case "insert or update":
      return insertBuilder(speaker, repository, persist)
    case "remove":
      return saved(await repository.remove(await loaded(repository, persist)))
    case "softRemove":
      return saved(await repository.softRemove(await loaded(repository, persist)))
    case "recover":
      return saved(await repository.recover(await loaded(repository, persist)))
    default:
      return saved(await repository.save(await toSave(speaker, repository, persist)))
  }
}

/** What save() leaves undefined and what it sets to null are one, and so are two moments. */
function saved(result: unknown): unknown {
  const text = JSON.stringify(
    result,
    function (this: Record<string, unknown>, key, shown: unknown): unknown {
      const { [key]: value } = this
      if (value instanceof Sealed) return value.reveal()
      return key === "deletedAt" && shown !== null ? "a moment" : (shown ?? undefined)
    },
  )
  return JSON.parse(text) as unknown
}

function identifiers(result: { readonly identifiers: unknown }): unknown {
  return result.identifiers
}

async function loaded(
  repository: Repository<ObjectLiteral>,
  { rows, entity, form }: Persist,
): Promise<ObjectLiteral[]> {
  const ids = rows.map(({ id }) => id)
  const select =
    form === "partly loaded"
      ? { id: true, [entity === "Person" ? "rank" : "town"]: true }
      : undefined
  const builder = repository.createQueryBuilder("root").withDeleted().whereInIds(ids)
  if (select) builder.select(Object.keys(select).map((path) => `root.${path}`))
  return builder.orderBy("root.id").getMany()
}

async function toSave(
  speaker: Speaker,
  repository: Repository<ObjectLiteral>,
  persist: Persist,
): Promise<ObjectLiteral[]> {
  const { form, entity, rows, children } = persist
  if (form === "by id" || form === "new") return objects(speaker, persist)
  const found = await loaded(repository, persist)
  for (const row of found) {
    const given = rows.find(({ id }) => id === row.id)
    applyChanges(speaker, entity, row, given?.changes ?? [])
    if (form === "with children") {
      row.visits = children.map((child) => applyChanges(speaker, "Visit", {}, child))
    }
  }
  return found
}

function objects(speaker: Speaker, { rows, entity, form }: Persist): ObjectLiteral[] {
  return rows.map(({ id, changes: all }) =>
    applyChanges(speaker, entity, { id: form === "new" ? id + 100 : id }, all),
  )
}

async function upsert(
  speaker: Speaker,
  repository: Repository<ObjectLiteral>,
  persist: Persist,
): Promise<unknown> {
  const { conflict, skipsUnchanged } = persist
  const [unique] = indexesOf("Person", conflict)
  const path = !speaker.encrypts && unique ? keyPath(unique, conflict) : conflict
  const options = {
    conflictPaths: conflict === "phone" ? [path, "ward"] : [path],
    skipUpdateIfNoValuesChanged: skipsUnchanged,
  }
  return identifiers(await repository.upsert(objects(speaker, persist), options))
}

async function insertBuilder(
  speaker: Speaker,
  repository: Repository<ObjectLiteral>,
  persist: Persist,
): Promise<unknown> {
  const builder = repository.createQueryBuilder().insert().values(objects(speaker, persist))
  if (persist.form === "insert or ignore") return identifiers(await builder.orIgnore().execute())
  const given = new Set(persist.rows.flatMap((row) => row.changes.map(({ path }) => path)))
  const paths = [...given].flatMap((path) => [path, ...keyPaths(speaker, persist.entity, path)])
  const names = paths.map((path) => repository.metadata.findColumnWithPropertyPath(path))
  const overwrite = names.map((column) => column?.databaseName ?? "id")
  return identifiers(await builder.orUpdate(overwrite, ["id"]).execute())
}

function keyPaths(speaker: Speaker, entity: EntityName, path: string): readonly string[] {
  const isEncrypted = entities[entity].encrypted.some((one) => one.path === path)
  if (speaker.encrypts || !isEncrypted) return []
  return indexesOf(entity, path).map((index) => keyPath(index, path))
}
