import { encryptedCell, isToken, open } from "./cell"

/** A document as it is stored, made without src: the JSON of each secret part is in a token. */
export function encryptedDocument(key: string, json: string): string {
  const encrypted = mapSecrets(JSON.parse(json), (part) => encryptedCell(key, JSON.stringify(part)))
  return JSON.stringify(encrypted)
}

/**
 * Reads a document without src.
 *
 * @param plaintext - whether its parts may be legacy plaintext
 * @throws if a secret part is no token under one of the keys
 */
export function readDocument(cell: unknown, keys: readonly string[], plaintext: boolean): unknown {
  return mapSecrets(parsed(cell), (part) => {
    if (isToken(part)) return JSON.parse(open(part, keys))
    if (plaintext) return part
    throw new Error("A part of a document is not encrypted.")
  })
}

/** A document that some drivers give as JSON. */
export function parsed(cell: unknown): unknown {
  return typeof cell === "string" ? JSON.parse(cell) : cell
}

/** Replaces `token` and the `secret` of every hook, worded a second time and not taken from src. */
function mapSecrets(document: unknown, change: (part: unknown) => unknown): unknown {
  if (!isObject(document)) return document
  const { hooks } = document
  const changed = changedMember(document, "token", change)
  if (Array.isArray(hooks)) {
    return { ...changed, hooks: hooks.map((hook: unknown) => changedHook(hook, change)) }
  }
  if (!isObject(hooks)) return changed
  const entries = Object.entries(hooks).map(([name, hook]) => [name, changedHook(hook, change)])
  return { ...changed, hooks: Object.fromEntries(entries) as unknown }
}

function changedHook(hook: unknown, change: (part: unknown) => unknown): unknown {
  return isObject(hook) ? changedMember(hook, "secret", change) : hook
}

function changedMember(
  object: Readonly<Record<string, unknown>>,
  member: string,
  change: (part: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  const part = object[member] ?? null
  return part === null ? object : { ...object, [member]: change(part) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
