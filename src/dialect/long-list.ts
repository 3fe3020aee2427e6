/**
 * How a list of texts is sent as one parameter: databases bound the number of parameters, and a list
 * under several keys is longer than the caller's.
 */
export interface TextList {
  /** Returns what stands after `IN`, for a parameter by its name. */
  readonly toSql: (name: string) => string
  readonly toParameter: (texts: readonly string[]) => unknown
}

/** As an array. */
export const postgresList: TextList = {
  toSql: (name) => `(SELECT unnest(CAST(:${name} AS text[])))`,
  toParameter: (texts) => texts,
}

/** As JSON. */
export const sqliteList: TextList = {
  toSql: (name) => `(SELECT value FROM json_each(:${name}))`,
  toParameter: (texts) => JSON.stringify(texts),
}
