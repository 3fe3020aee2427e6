import { beforeAll, expect, test } from "@jest/globals"
import {
  ChildEntity,
  Column,
  type DataSource,
  Entity,
  JoinColumn,
  JoinTable,
  ManyToMany,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type Repository,
  TableInheritance,
  Tree,
  TreeChildren,
  TreeParent,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

abstract class Secretive {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() secret!: string
}

@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
class Staff extends Secretive {
  @EncryptedColumn({ nullable: true }) phone?: string | null
}
@ChildEntity()
class Doctor extends Staff {
  @EncryptedColumn({ codec: "number", nullable: true }) salary?: number | null
}
@ChildEntity()
class Nurse extends Staff {
  @EncryptedColumn({ nullable: true }) ward?: string | null
}

@Entity()
class Chart extends Secretive {}
@Entity()
class Drug extends Secretive {}
@Entity()
class Patient extends Secretive {
  @OneToOne(() => Chart, { cascade: true, eager: true }) @JoinColumn() chart!: Chart
  @ManyToMany(() => Drug, { cascade: true }) @JoinTable() drugs!: Drug[]
  @OneToMany(() => Visit, ({ patient }) => patient, { cascade: true }) visits!: Promise<Visit[]>
}
@Entity()
class Visit extends Secretive {
  @ManyToOne(() => Patient, ({ visits }) => visits) patient!: Promise<Patient>
}

@Entity()
@Tree("closure-table")
class Unit extends Secretive {
  @TreeParent() parent!: Unit | null
  @TreeChildren({ cascade: true }) children!: Unit[]
}
@Entity()
@Tree("materialized-path")
class Folder extends Secretive {
  @TreeParent() parent!: Folder | null
  @TreeChildren({ cascade: true }) children!: Folder[]
}
@Entity()
class Chain {
  @PrimaryColumn() id!: number
  @EncryptedColumn() secret!: string
  @Column({ nullable: true, type: "int" }) parentId!: number | null
  @ManyToOne(() => Chain, ({ children }) => children) parent!: Chain | null
  @OneToMany(() => Chain, ({ parent }) => parent) children!: Chain[]
}

const entities = [Staff, Doctor, Nurse, Patient, Chart, Drug, Visit, Unit, Folder, Chain]

eachDatabase("encrypted columns", (db) => {
  let dataSource: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    dataSource = await db.connect({ entities, synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
    const visits = ["flu", "cold"].map((secret) => dataSource.manager.create(Visit, { secret }))
    const patient = patients.create({
      secret: "Ada",
      chart: { secret: "healthy" },
      drugs: [{ secret: "aspirin" }, { secret: "zinc" }],
    })
    patient.visits = Promise.resolve(visits)
    await patients.save(patient)
  })

  const stored = async (table: string, column = "secret"): Promise<(string | null)[]> => {
    const rows = await db.rawRows(`SELECT * FROM ${db.escape(table)} ORDER BY 1`)
    return rows.map(({ [column]: cell }) =>
      cell === null ? null : keyring.decryptText(cell as string),
    )
  }

  test("work in a child and its parent of single-table inheritance", async () => {
    const { manager } = dataSource
    await manager.save(Doctor, { secret: "House", phone: "1", salary: 9.5 })
    await manager.save(Nurse, { secret: "Joy", phone: "2", ward: "three" })

    const staff = await manager.find(Staff, { order: { id: "ASC" } })

    expect(await manager.find(Doctor)).toEqual([staff[0]])
    expect(staff).toMatchObject([
      { secret: "House", phone: "1", salary: 9.5 },
      { secret: "Joy", phone: "2", ward: "three" },
    ])
    expect(await stored("staff", "salary")).toEqual(["9.5", null])
    expect(await stored("staff", "ward")).toEqual([null, "three"])
  })

  test("of a child are updated and guarded through the parent's repository", async () => {
    const staff = dataSource.getRepository(Staff)
    await staff.save(staff.merge(await staff.findOneByOrFail({ id: 1 }), { salary: 10 } as object))

    expect(await stored("staff", "salary")).toEqual(["10", null])
    await expect(staff.findBy({ salary: 10 } as never)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
  })

  test("are stored along cascades", async () => {
    expect(await stored("patient")).toEqual(["Ada"])
    expect(await stored("chart")).toEqual(["healthy"])
    expect(await stored("drug")).toEqual(["aspirin", "zinc"])
    expect(await stored("visit")).toEqual(["flu", "cold"])
  })

  test.each(["join", "query"] as const)("are read through relations by %s", async (strategy) => {
    const [patient] = await patients.find({
      relations: { chart: true, drugs: true, visits: true },
      order: { drugs: { id: "ASC" } },
      relationLoadStrategy: strategy,
    })

    expect(patient?.chart.secret).toBe("healthy")
    expect(patient?.drugs.map(({ secret }) => secret).sort()).toEqual(["aspirin", "zinc"])
    expect((await patient?.visits)?.map(({ secret }) => secret).sort()).toEqual(["cold", "flu"])
  })

  test("are read through eager and lazy relations", async () => {
    const patient = await patients.findOneByOrFail({ id: 1 })
    const visits = await patient.visits

    expect(patient.chart.secret).toBe("healthy")
    expect(visits.map(({ secret }) => secret).sort()).toEqual(["cold", "flu"])
    expect((await visits[0]?.patient)?.secret).toBe("Ada")
  })

  test("are paged with joins", async () => {
    const [page, count] = await patients.findAndCount({ relations: { drugs: true }, take: 1 })

    expect(count).toBe(1)
    expect(page[0]?.drugs).toHaveLength(2)
  })

  test("are read beside relation ids", async () => {
    const [patient] = await patients.find({ loadRelationIds: { relations: ["drugs"] } })

    expect(patient).toMatchObject({ secret: "Ada", drugs: [1, 2] })
  })

  test("are read by a relation query builder", async () => {
    const builder = patients.createQueryBuilder().relation(Patient, "drugs").of(1)

    const drugs = await builder.loadMany<Drug>()

    expect(drugs.map(({ secret }) => secret).sort()).toEqual(["aspirin", "zinc"])
  })

  test.each([
    ["closure-table", Unit, "unit"],
    ["materialized-path", Folder, "folder"],
  ] as const)("work in a %s tree", async (_kind, entity, table) => {
    const trees = dataSource.getTreeRepository<Unit | Folder>(entity)
    const root = await trees.save(trees.create({ secret: "root" }))
    await trees.save(trees.create({ secret: "leaf", parent: root }))

    const [tree] = await trees.findTrees()

    expect(tree).toMatchObject({ secret: "root", children: [{ secret: "leaf" }] })
    expect(await trees.findDescendantsTree(root)).toMatchObject({ children: [{ secret: "leaf" }] })
    expect(await stored(table)).toEqual(["root", "leaf"])
  })

  test("work in an adjacency list", async () => {
    const chain = dataSource.getRepository(Chain)
    await chain.save({ id: 1, secret: "root" })
    await chain.save({ id: 2, secret: "leaf", parent: { id: 1 } })

    const [root] = await chain.find({ where: { id: 1 }, relations: { children: true } })

    expect(root).toMatchObject({ secret: "root", children: [{ secret: "leaf" }] })
  })
})
