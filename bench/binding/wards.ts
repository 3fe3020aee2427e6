import { DataSource, type DataSourceOptions, EntitySchema } from "typeorm"

import { encryptedColumn, Keyring, withEncryption } from "../../src"
import { ringKeys } from "../fernet/texts"

/** What has no encrypted column. */
export interface Ward {
  id: number
  name: string
  floor: number
}

/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- TypeORM declares options as a class and takes plain objects */
/** The entity that is asked for. */
export const Wards = new EntitySchema<Ward>({
  name: "ward",
  columns: {
    id: { type: "int", primary: true },
    name: { type: "text" },
    floor: { type: "int" },
  },
})

/** An entity beside it: without one, a DataSource has nothing to guard. */
const Patients = new EntitySchema<{ id: number; email: string }>({
  name: "patient",
  columns: { id: { type: "int", primary: true }, email: encryptedColumn({ blindIndex: true }) },
})

const PlainPatients = new EntitySchema<{ id: number; email: string }>({
  name: "patient",
  columns: { id: { type: "int", primary: true }, email: { type: "text" } },
})
/* eslint-enable @typescript-eslint/no-unsafe-class-instance-assignment */

/** Rows of the table. */
export const WARDS = 100

/** The same wards on a DataSource with an encrypted entity, and on one without. */
export interface Sources {
  readonly bound: DataSource
  readonly unbound: DataSource
  stop(): Promise<void>
}

/** Connects both to one database, and makes and fills the table. */
export async function openWards(connection: DataSourceOptions): Promise<Sources> {
  const keyring = new Keyring([ringKeys[0] ?? ""])
  const encrypted = new DataSource({ ...connection, entities: [Wards, Patients] })
  const bound = await withEncryption(encrypted, { keyring }).initialize()
  await bound.synchronize()
  const plain = new DataSource({ ...connection, entities: [Wards, PlainPatients] })
  const unbound = await plain.initialize()
  const wards = Array.from({ length: WARDS }, (_, i) => ({ id: i, name: `ward ${i}`, floor: 1 }))
  await unbound.getRepository(Wards).insert(wards)
  return {
    bound,
    unbound,
    async stop() {
      await bound.destroy()
      await unbound.destroy()
    },
  }
}
