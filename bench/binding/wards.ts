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

/** A DataSource with an encrypted entity. */
export const BOUND = "with encrypted entities beside it"
/** One without the package. */
export const UNBOUND = "without the package"

/** Connects one of them to the database. */
export function openWards(connection: DataSourceOptions, name: string): Promise<DataSource> {
  const isBound = name === BOUND
  const entities = [Wards, isBound ? Patients : PlainPatients]
  const dataSource = new DataSource({ ...connection, entities })
  const keyring = new Keyring([ringKeys[0] ?? ""])
  return (isBound ? withEncryption(dataSource, { keyring }) : dataSource).initialize()
}

/** Makes and fills the table. */
export async function fillWards(connection: DataSourceOptions): Promise<void> {
  const source = await openWards(connection, BOUND)
  await source.synchronize()
  const wards = Array.from({ length: WARDS }, (_, i) => ({ id: i, name: `ward ${i}`, floor: 1 }))
  await source.getRepository(Wards).insert(wards)
  await source.destroy()
}
