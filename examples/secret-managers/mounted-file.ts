import { Keyring } from "typeorm-fernet"

// #region mounted-file
/** What ENCRYPTION_KEY_FILE does by itself, for a path that is known in code. */
export function mountedFile(path: string): Keyring {
  return Keyring.fromEnv({ ENCRYPTION_KEY_FILE: path })
}
// #endregion
