import { type EntityManager, In, IsNull, Not, type Repository } from "typeorm"

import { BlindEqual } from "../../../src"
import { Member } from "./model"
import type { QueryForm } from "./query-forms"

/** Changes rows by criteria, and puts them back. */
function changing(
  title: string,
  change: (members: Repository<Member>, email: string) => Promise<unknown>,
): QueryForm {
  return {
    title,
    ask: async ({ dataSource, email }) => {
      let changed: readonly string[] = []
      const undoing = dataSource.transaction(async (manager) => {
        const before = await statesOf(manager)
        await change(manager.getRepository(Member), email)
        const after = await statesOf(manager)
        changed = [...before.keys()].filter((name) => before.get(name) !== after.get(name))
        throw new Undo()
      })
      await undoing.catch((error: unknown) => {
        if (!(error instanceof Undo)) throw error
      })
      return changed
    },
  }
}

class Undo extends Error {}

async function statesOf(manager: EntityManager): Promise<Map<string, string>> {
  const members = await manager.find(Member, { withDeleted: true })
  return new Map(
    members.map(({ name, visits, deletedAt }) => [
      name,
      `${visits} ${deletedAt?.toISOString() ?? ""}`,
    ]),
  )
}

/** Every way of choosing what is changed by an indexed property. */
export const criteriaForms: readonly QueryForm[] = [
  changing("update", (members, email) => members.update({ email }, { visits: 9 })),
  changing("delete", (members, email) => members.delete({ email })),
  changing("delete of In", (members, email) => members.delete({ email: In([email]) })),
  changing("softDelete", (members, email) => members.softDelete({ email })),
  changing("softDelete and restore", async (members, email) => {
    await members.softDelete({ name: Not("nobody") })
    await members.restore({ email: Not(email) })
    await members.restore({ email: IsNull() })
  }),
  changing("increment", (members, email) => members.increment({ email }, "visits", 1)),
  changing("decrement", (members, email) =>
    members.decrement({ email: BlindEqual(email) }, "visits", 1),
  ),
  changing("a delete builder", (members, email) =>
    members.createQueryBuilder().delete().where({ email }).execute(),
  ),
  changing("an update builder with an embedded property", (members, email) =>
    members
      .createQueryBuilder()
      .update()
      .set({ visits: 9 })
      .where("1 = 1")
      .andWhere({ email })
      .execute(),
  ),
]
