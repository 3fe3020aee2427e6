/**
 * Any assignment to a variable, or to the one that names its file, that some reader of env files takes,
 * with its `export`, name and value. In Latin-1 the byte order mark of UTF-8 is three characters.
 */
function assignmentsTo(variable: string): RegExp {
  const name = `(${variable}(?:_FILE)?)`
  return new RegExp(
    `(?<=^(?:\\xEF\\xBB\\xBF)?)[ \\t]*(export[ \\t]+)?${name}[ \\t]*[=:][ \\t]*(.*)$`,
    "gm",
  )
}

/** No value, with or without a comment after it. */
const EMPTY = /^(?:""|''|``)?[ \t]*(#.*)?$/

/**
 * Returns the text of an env file with a variable set to a key: in the place of an empty assignment if
 * there is one, else on a new last line. All else is kept to the byte.
 *
 * @param text - the file in Latin-1, so that other encodings of ASCII pass through
 * @param path - what messages call the file
 * @param variable - its name
 * @throws Error if the text sets the variable or the one with `_FILE` behind its name, or is UTF-16
 */
export function assignKey(
  text: string,
  key: string,
  path: string,
  variable = "ENCRYPTION_KEY",
): string {
  if (text.includes("\0")) {
    throw new Error(`${path} is not a UTF-8 text file; it was left as it is.`)
  }
  const assignments = [...text.matchAll(assignmentsTo(variable))]
  const taken = assignments.find(([, , , value = ""]) => !EMPTY.test(value))
  if (taken !== undefined) throw new Error(describeTaken(path, taken[2] ?? "", variable))
  const eol = text.includes("\r\n") ? "\r\n" : "\n"
  const empty = assignments.findLast(([, , name]) => name === variable)
  const assigned = `${variable}=${key}`
  return empty === undefined ? append(text, assigned, eol) : fill(text, empty, assigned, eol)
}

function append(text: string, assigned: string, eol: string): string {
  const separator = text === "" || text.endsWith("\n") ? "" : eol
  return `${text}${separator}${assigned}${eol}`
}

/** A comment moves to a line of its own: some readers would take it for a part of the value. */
function fill(text: string, empty: RegExpExecArray, assigned: string, eol: string): string {
  const [line, exported = "", , value = ""] = empty
  const comment = EMPTY.exec(value)?.[1]
  return (
    text.slice(0, empty.index) +
    (comment === undefined ? "" : comment + eol) +
    `${exported}${assigned}` +
    text.slice(empty.index + line.length)
  )
}

function describeTaken(path: string, name: string, variable: string): string {
  const advice =
    name === variable
      ? " To rotate, run key:generate without --env and put the new key in front: " +
        `${variable}=<new>,<old>.`
      : ""
  return `${path} already sets ${name}; it was left as it is.${advice}`
}
