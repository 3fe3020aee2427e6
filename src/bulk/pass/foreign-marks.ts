import { isToken } from "../../fernet/token-format"

/** How other libraries and home-grown encryption mark what they wrote, by the word for a message. */
const MARKS: readonly (readonly [mark: string, pattern: RegExp])[] = [
  ['the prefix "enc:"', /^(?:k8s:)?enc:\S+$/i],
  ['the prefix "encrypted:"', /^encrypted:\S+$/i],
  ['"ENC(…)"', /^ENC\(\S+\)$/],
  ['the prefix "{cipher}"', /^\{cipher\}\S+$/],
  ['the prefix "v1.aesgcm256."', /^v1\.aesgcm256\.\S+$/],
  ['the prefix "vault:v1:"', /^vault:v\d+:\S+$/],
  ['"Salted__" of OpenSSL', /^U2FsdGVkX1\S+$/],
  ['{"encrypted":…}', /^\s*\{\s*"encrypted"\s*:\s*"[\w+/=-]+"\s*\}\s*$/],
]

/** What may be a token somewhere in a text; the shortest has 100 characters, two of them padding. */
const INSIDE = /g[A-P][\w-]{90,}={0,2}/

/**
 * Says by what a text looks as if something else had encrypted it, worded for a message; `undefined`
 * if nothing does. Never quotes the text.
 */
export function foreignMark(text: string): string | undefined {
  const [inside] = text.length < 100 ? [] : (INSIDE.exec(text) ?? [])
  if (inside !== undefined && isToken(inside)) {
    const quoted = /^b?(['"]).*\1$/s.test(text.trim())
    return quoted ? "quotes around a token" : "a token inside other text"
  }
  return MARKS.find(([, pattern]) => pattern.test(text))?.[0]
}
