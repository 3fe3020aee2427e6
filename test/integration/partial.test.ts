import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import {
  Column,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  type DataSource,
  type Repository,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { open, rowsOf } from "./stored"

@Entity()
class Camera {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar" })
  place!: string

  @EncryptedColumn({ nullable: true, select: false })
  password?: string | null

  @EncryptedColumn({ nullable: true })
  url?: string | null
}

@Entity()
class Webhook {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn({ nullable: true })
  secret?: string | null
}

eachDatabase("an entity loaded without an encrypted column", (db) => {
  let dataSource: DataSource
  let cameras: Repository<Camera>

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Camera, Webhook], synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    cameras = dataSource.getRepository(Camera)
  })

  beforeEach(async () => {
    await cameras.createQueryBuilder().delete().execute()
    await cameras.insert({ place: "hall", password: "hunter2", url: "rtsp://hall" })
  })

  const stored = async () => (await rowsOf(db, "camera"))[0]

  test("keeps a nullable select: false column over two saves", async () => {
    const camera = await cameras.findOneByOrFail({ place: "hall" })
    camera.place = "door"
    await cameras.save(camera)
    camera.place = "roof"
    await cameras.save(camera)

    expect(camera.password).toBeUndefined()
    expect(await stored()).toMatchObject({ place: "roof" })
    expect(open((await stored())?.password)).toBe("hunter2")
  })

  test("keeps what a partial select left out over two saves", async () => {
    const camera = await cameras.findOneOrFail({
      select: { id: true, place: true },
      where: { place: "hall" },
    })
    await cameras.save(Object.assign(camera, { place: "door" }))
    await cameras.save(Object.assign(camera, { place: "roof" }))

    expect(open((await stored())?.url)).toBe("rtsp://hall")
  })

  test("sets the column to NULL when it is set to null", async () => {
    const camera = await cameras.findOneByOrFail({ place: "hall" })
    await cameras.save(Object.assign(camera, { password: null }))

    expect(camera.password).toBeNull()
    expect((await stored())?.password).toBeNull()
  })

  test("reads the column when it is selected", async () => {
    const camera = await cameras
      .createQueryBuilder("camera")
      .addSelect("camera.password")
      .getOneOrFail()

    expect(camera.password).toBe("hunter2")
  })

  test("keeps null that create and merge were given", () => {
    const camera = cameras.create({ place: "hall", url: null })
    const merged = cameras.merge(cameras.create({ id: 1, url: "rtsp://hall" }), { url: null })

    expect([camera.url, merged.url]).toEqual([null, null])
  })

  test("has null, as a plain column, where a new entity of its own primary key had nothing", async () => {
    const webhook = await dataSource.getRepository(Webhook).save({ id: 7 })

    expect(webhook).toEqual({ id: 7, secret: null })
    expect((await rowsOf(db, "webhook"))[0]?.secret).toBeNull()
  })
})
