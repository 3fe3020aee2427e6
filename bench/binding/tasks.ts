import type { DataSource } from "typeorm"

import { Wards, WARDS } from "./wards"

/** What is done with an entity that has no encrypted column, the nth time. */
export interface Task {
  readonly name: string
  /** Whether it is compiled only, and nothing is sent. */
  readonly compiles: boolean
  readonly run: (dataSource: DataSource, n: number) => unknown
}

/** All of them. */
export const tasks: readonly Task[] = [
  {
    name: "findOneBy()",
    compiles: false,
    run: (source, n) => source.getRepository(Wards).findOneBy({ id: n % WARDS }),
  },
  {
    name: `find() of ${WARDS} rows`,
    compiles: false,
    run: (source) => source.getRepository(Wards).find(),
  },
  {
    name: "update()",
    compiles: false,
    run: (source, n) => source.getRepository(Wards).update(n % WARDS, { floor: n }),
  },
  {
    name: "findOneBy() and save()",
    compiles: false,
    run: async (source, n) => {
      const wards = source.getRepository(Wards)
      const ward = await wards.findOneByOrFail({ id: n % WARDS })
      await wards.save(Object.assign(ward, { floor: n }))
    },
  },
  {
    name: "a SELECT",
    compiles: true,
    run: (source, n) =>
      source.createQueryBuilder(Wards, "w").where("w.id = :n", { n }).getQueryAndParameters(),
  },
  {
    name: "an UPDATE",
    compiles: true,
    run: (source, n) =>
      source
        .createQueryBuilder()
        .update(Wards)
        .set({ floor: n })
        .where("id = :n", { n })
        .getQueryAndParameters(),
  },
  {
    name: "an INSERT",
    compiles: true,
    run: (source, n) =>
      source
        .createQueryBuilder()
        .insert()
        .into(Wards)
        .values({ id: n, name: "new", floor: n })
        .getQueryAndParameters(),
  },
]
