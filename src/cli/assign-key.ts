/**
 * Any assignment that some reader of env files takes, with its `export`, name and value. In Latin-1
 * the byte order mark of UTF-8 is three characters.
 */
const ASSIGNMENT =
  /(?<=^(?:\xEF\xBB\xBF)?)[ \t]*(export[ \t]+)?(ENCRYPTION_KEY(?:_FILE)?)[ \t]*[=:][ \t]*(.*)$/gm

/** No value, with or without a comment after it. */
const EMPTY = /^(?:""|''|``)?[ \t]*(#.*)?$/

/**
 * Returns the text of an env file with `ENCRYPTION_KEY` set to a key: in the place of an empty
 * assignment if there is one, else on a new last line. All else is kept to the byte.
 *
 * @param text - the file in Latin-1, so that other encodings of ASCII pass through
 * @param path - what messages call the file
 * @throws Error if the text sets `ENCRYPTION_KEY` or `ENCRYPTION_KEY_FILE`, or is UTF-16
 */
export function assignKey(text: string, key: string, path: string): string {
  if (text.includes("\0")) {
    throw new Error(`${path} is not a UTF-8 text file; it was left as it is.`)
  }
  const assignments = [...text.matchAll(ASSIGNMENT)]
  const taken = assignments.find(([, , , value = ""]) => !EMPTY.test(value))
  if (taken !== undefined) throw new Error(describeTaken(path, taken[2] ?? ""))
  const eol = text.includes("\r\n") ? "\r\n" : "\n"
  const empty = assignments.findLast(([, , name]) => name === "ENCRYPTION_KEY")
  return empty === undefined ? append(text, key, eol) : fill(text, empty, key, eol)
}

function append(text: string, key: string, eol: string): string {
  const separator = text === "" || text.endsWith("\n") ? "" : eol
  return `${text}${separator}ENCRYPTION_KEY=${key}${eol}`
}

/** A comment moves to a line of its own: some readers would take it for a part of the value. */
function fill(text: string, empty: RegExpExecArray, key: string, eol: string): string {
  const [line, exported = "", , value = ""] = empty
  const comment = EMPTY.exec(value)?.[1]
  return (
    text.slice(0, empty.index) +
    (comment === undefined ? "" : comment + eol) +
    `${exported}ENCRYPTION_KEY=${key}` +
    text.slice(empty.index + line.length)
  )
}

function describeTaken(path: string, name: string): string {
  const advice =
    name === "ENCRYPTION_KEY"
      ? " To rotate, run key:generate without --env and put the new key in front: " +
        "ENCRYPTION_KEY=<new>,<old>."
      : ""
  return `${path} already sets ${name}; it was left as it is.${advice}`
}
