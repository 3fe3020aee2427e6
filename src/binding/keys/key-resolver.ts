import type { Keyring } from "../../fernet/keyring"

/**
 * Answers which ring opens a cell, and makes it. Everything that encrypts, decrypts or searches asks
 * for each cell anew and keeps nothing that was made with one ring for another; cells are only worked
 * on together under one ring. The answer is had at once: whatever takes time was done before.
 */
export interface KeyResolver {
  /**
   * Returns the ring of a cell, the same object for the same keys.
   *
   * @param property - the column, as `Entity.property`; of a blind index, the first it covers
   * @param row - the row the cell is in, as it was fetched. Not known wherever TypeORM hands over a
   * cell alone
   * @throws {@link KeyError} if there is none
   */
  ringFor(property: string, row?: Readonly<Record<string, unknown>>): Keyring
  /** Those of the application's tenants, if each has its own. */
  readonly tenants?: { readonly tenant: string | undefined }
  /** Asks again for a token that opened under none of these. Returns whether there are others now. */
  catchUp?(before: Keyring): Promise<boolean>
}
