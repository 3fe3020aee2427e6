import { jest } from "@jest/globals"

import type * as Errors from "../../src/errors"
import type * as EngineInUse from "../../src/fernet/batch-engine/engine-in-use"
import type * as FernetModule from "../../src/fernet/fernet"
import type * as KeyIndexesModule from "../../src/fernet/key-indexes"
import type * as KeyringModule from "../../src/fernet/keyring"
import type * as TagsOfModule from "../../src/fernet/tags-of"
import type * as TokenBatchModule from "../../src/fernet/token-batch"
import type * as TokenKeyModule from "../../src/fernet/token-key"
import type * as TokenMacModule from "../../src/fernet/token-mac"
import type * as TokenRotationModule from "../../src/fernet/token-rotation"
import type * as TokenScratchModule from "../../src/fernet/token-scratch"
import type * as BlindIndexerModule from "../../src/search/blind-indexer"

/** The modules that batches go through, loaded together. */
export type FernetModules = Pick<typeof Errors, "InvalidTokenError"> &
  Pick<typeof EngineInUse, "engineInUse"> &
  Pick<typeof FernetModule, "Fernet"> &
  Pick<typeof KeyIndexesModule, "keyIndexesOf"> &
  Pick<typeof KeyringModule, "Keyring"> &
  Pick<typeof TagsOfModule, "tagsOf"> &
  Pick<typeof TokenBatchModule, "TokenBatch"> &
  Pick<typeof TokenKeyModule, "TokenKey"> &
  Pick<typeof TokenMacModule, "TokenMac"> &
  Pick<typeof TokenRotationModule, "sharedBatch"> &
  Pick<typeof TokenScratchModule, "loadToken"> &
  Pick<typeof BlindIndexerModule, "BlindIndexer">

/** The variable that turns the batch engine off. */
export const ENGINE_VARIABLE = "TYPEORM_FERNET_BATCH_ENGINE"

/**
 * Loads the modules anew, in an environment with this value of the variable, and has them decide then
 * whether batches go through the engine.
 */
export function loadFernet(setting: string | undefined): FernetModules {
  const before = process.env[ENGINE_VARIABLE]
  try {
    if (setting === undefined) Reflect.deleteProperty(process.env, ENGINE_VARIABLE)
    else process.env[ENGINE_VARIABLE] = setting
    return loadAnew()
  } finally {
    if (before === undefined) Reflect.deleteProperty(process.env, ENGINE_VARIABLE)
    else process.env[ENGINE_VARIABLE] = before
  }
}

function loadAnew(): FernetModules {
  const loaded: Partial<FernetModules> = {}
  jest.isolateModules(() => {
    for (const path of [
      "../../src/errors",
      "../../src/fernet/batch-engine/engine-in-use",
      "../../src/fernet/fernet",
      "../../src/fernet/key-indexes",
      "../../src/fernet/keyring",
      "../../src/fernet/tags-of",
      "../../src/fernet/token-batch",
      "../../src/fernet/token-key",
      "../../src/fernet/token-mac",
      "../../src/fernet/token-rotation",
      "../../src/fernet/token-scratch",
      "../../src/search/blind-indexer",
    ]) {
      Object.assign(loaded, jest.requireActual(path))
    }
  })
  // All of them are there
  const modules = loaded as FernetModules
  modules.engineInUse()
  return modules
}

/** The engine on and off, for `describe.each`. */
export const engineStates: readonly (readonly ["off" | "on", FernetModules])[] = [
  ["on", loadFernet("on")],
  ["off", loadFernet("off")],
]
