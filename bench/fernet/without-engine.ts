import { createRequire } from "node:module"
import { sep } from "node:path"

import type { Keyring } from "../../src/fernet/keyring"

const VARIABLE = "TYPEORM_FERNET_BATCH_ENGINE"

/** Returns a keyring whose batches go through node:crypto alone, of modules of its own. */
export function keyringWithoutEngine(keys: readonly string[]): Keyring {
  const require = createRequire(__filename)
  const kept = Object.entries(require.cache).filter(([path]) => isOfFernet(path))
  for (const [path] of kept) Reflect.deleteProperty(require.cache, path)
  process.env[VARIABLE] = "off"
  try {
    const loaded = require("../../src/fernet/keyring") as { Keyring: typeof Keyring }
    const keyring = new loaded.Keyring(keys)
    // A batch long enough for the engine has it decide, as long as the variable is set
    keyring.encryptMany(["a", "b", "c", "d", "e"])
    return keyring
  } finally {
    Reflect.deleteProperty(process.env, VARIABLE)
    for (const [path] of Object.entries(require.cache)) {
      if (isOfFernet(path)) Reflect.deleteProperty(require.cache, path)
    }
    for (const [path, module] of kept) require.cache[path] = module
  }
}

function isOfFernet(path: string): boolean {
  return path.includes(["", "src", "fernet", ""].join(sep))
}
