import { DataSource, type DataSourceOptions, type Logger, type Repository } from "typeorm"

import { Keyring, withEncryption } from "../../src"
import { ringKeys } from "../fernet/texts"
import type { Patient } from "./patient"
import { sealed5, stored, tokens, type Variant } from "./variants"

/** The repositories of all variants, on DataSources of their own: a bound one for ours alone. */
export interface DataSources {
  repository(variant: Variant): Repository<Patient>
  stop(): Promise<void>
}

/** Connects and makes the tables. */
export async function openDataSources(connection: DataSourceOptions): Promise<DataSources> {
  const ours = stored.filter(({ bound }) => bound)
  const others = stored.filter(({ bound }) => !bound)
  const bound = await openBound(connection, ours)
  await bound.synchronize()
  const unbound = await new DataSource({
    ...connection,
    entities: others.map(({ entity }) => entity),
  }).initialize()
  await unbound.synchronize()
  const reader = await openVariant(connection, tokens)
  const sealing = await openVariant(connection, sealed5)
  return {
    repository(variant) {
      if (variant === sealed5) return sealing.getRepository(variant.entity)
      const source = variant === tokens ? reader : variant.bound ? bound : unbound
      return source.getRepository(variant.entity)
    },
    async stop() {
      for (const source of [bound, unbound, reader, sealing]) await source.destroy()
    },
  }
}

/** Connects a DataSource to the table of one variant. */
export function openVariant(connection: DataSourceOptions, variant: Variant): Promise<DataSource> {
  if (variant.bound) return openBound(connection, [variant])
  return new DataSource({ ...connection, entities: [variant.entity] }).initialize()
}

/** Connects a DataSource to tables of ours, bound as an application binds it. */
export function openBound(
  connection: DataSourceOptions,
  variants: readonly Variant[],
  logger?: Logger,
): Promise<DataSource> {
  const entities = variants.map(({ entity }) => entity)
  const logging = logger ? { logger, logging: ["query" as const] } : {}
  const keyring = new Keyring([ringKeys[0] ?? ""])
  return withEncryption(new DataSource({ ...connection, entities, ...logging }), {
    keyring,
  }).initialize()
}
