import { jsonCodec } from "../../column/document-codecs"
import { cellOfLeaf, leafJson, leafReaders } from "../../column/documents/leaf-cells"
import { leavesIn, replaceLeaves } from "../../column/documents/document-leaves"
import { type LeafPath, leafPaths } from "../../column/documents/json-path"
import { type LeafSpan, leafSpans, replaceSpans } from "../../column/documents/leaf-spans"
import { writesPlaintext } from "../../column/phase"
import { DecryptionError, EncryptionError } from "../../errors"
import { looksLikeToken, mayBeToken } from "../../fernet/token-format"
import { MadeAhead } from "../../made-ahead"
import { CANARY, CANARY_TOKEN } from "../canary-value"
import type { KeyResolver } from "../keys/key-resolver"
import { isFindOperator } from "../queries/query-rules"
import { BoundColumn } from "./bound-column"
import { encodeValue, invalidValue } from "./cell-codec"
import type { ColumnScheme } from "./column-scheme"
import type { FetchedRows } from "./fetched-rows"
import { LeafReadAhead } from "./leaf-read-ahead"
import { unreadable } from "./unencrypted-cells"

/** How a column stores documents. */
export interface DocumentStorage {
  /** Whether the driver parses cells, so that a text is a document that is one. */
  readonly isParsed: boolean
  /** Whether the limit of the column is one of bytes, and not of characters. */
  readonly limitsBytes: boolean
}

/** A document to be written, in its JSON, and the values of its leaves. */
interface PreparedDocument {
  readonly value: unknown
  readonly text: string
  readonly spans: readonly LeafSpan[]
  readonly leaves: readonly unknown[]
}

/**
 * An encrypted column of JSON documents of which some parts are encrypted. Each such leaf is to it what a
 * cell is to a column that is encrypted as a whole.
 */
export class DocumentColumn extends BoundColumn {
  override readonly paths: readonly LeafPath[]
  readonly #scheme: ColumnScheme & DocumentStorage
  /** Reads and writes leaves. */
  readonly #leaf: BoundColumn
  /** Documents whose leaves were encrypted ahead, by their values. */
  readonly #ahead = new MadeAhead<this, unknown, PreparedDocument>()

  constructor(scheme: ColumnScheme & DocumentStorage, keys: KeyResolver, fetched?: FetchedRows) {
    super(scheme, keys)
    this.#scheme = scheme
    this.paths = leafPaths(scheme.declaration.paths)
    const readers = leafReaders(scheme.declaration.legacy)
    const leaf: ColumnScheme = {
      ...scheme,
      declaration: { ...scheme.declaration, codec: "json", legacy: readers },
      tokenLimit: undefined,
    }
    this.#leaf = new BoundColumn(
      leaf,
      keys,
      fetched &&
        ((source) => new LeafReadAhead({ ...source, fetched }, (cell) => this.#tokensIn(cell))),
    )
  }

  /** Returns the JSON to store for a document, as the phase of the column has its leaves. */
  override cellOf(value: unknown): string | null | undefined {
    return this.#write(value, (leaf) => this.#leaf.cellOf(leaf))
  }

  /** Returns the JSON of a document with a token in place of each leaf. */
  override encrypt(value: unknown): string | null | undefined {
    return this.#write(value, (leaf) => this.#leaf.encrypt(leaf))
  }

  /** Returns the document of a cell. @throws {@link DecryptionError} that says where a leaf is not read */
  override read(cell: unknown): unknown {
    if (cell === null || cell === undefined) return cell
    // Proves the way from a cell to an entity, also where no keys are at hand
    if (cell === CANARY_TOKEN) return CANARY
    return replaceLeaves(this.#documentIn(cell), this.paths, (leaf, path) =>
      this.#readLeaf(leaf, path),
    )
  }

  /** Encrypts the leaves of documents together for which {@link cellOf} is asked next, in this order. */
  override encryptAhead(values: readonly unknown[]): void {
    this.forgetAhead()
    const prepared = values.flatMap((value) => this.#preparedUnlessRefused(value))
    this.#ahead.begin(
      this,
      prepared.map(({ value }) => value),
      prepared,
    )
    this.#leaf.encryptAhead(prepared.flatMap(({ leaves }) => leaves))
  }

  /** Forgets what was encrypted ahead and not asked for. */
  override forgetAhead(): void {
    this.#ahead.forget()
    this.#leaf.forgetAhead()
  }

  /** Whether a leaf of a cell is a token under one of the keys of the column. */
  override opens(cell: unknown): boolean {
    return this.#tokensIn(cell).some((token) => this.#leaf.opens(token))
  }

  /** Whether a document is one that can be read while it is in plaintext. */
  override readsPlaintext(text: string): boolean {
    return parsed(text) !== undefined
  }

  #write(
    value: unknown,
    cellOf: (leaf: unknown) => string | null | undefined,
  ): string | null | undefined {
    if (value === null || value === undefined) return value
    if (isFindOperator(value)) {
      throw invalidValue(this.property, "a find operator is not a value")
    }
    const ahead = this.#ahead.take(
      () => this,
      (given) => Object.is(given, value),
    )
    const { text, spans, leaves } = ahead ?? this.#prepared(value)
    let next = 0
    const cell = replaceSpans(text, spans, (json, { path }) => {
      const leaf = leaves[next++]
      this.#assertLeaf(leaf, path)
      return leafJson(cellOf(leaf) ?? json)
    })
    this.#assertLength(cell)
    return cell
  }

  #prepared(value: unknown): PreparedDocument {
    const text = encodeValue(this.property, jsonCodec, value) as string
    const spans = leafSpans(text, this.paths)
    const misplaced = spans.find(({ isMisplaced }) => isMisplaced)
    if (misplaced) throw this.#misplaced(misplaced.path)
    const leaves = spans.map(({ start, end }): unknown => JSON.parse(text.slice(start, end)))
    return { value, text, spans, leaves }
  }

  /** Of NULL, and of a document that is refused when it is asked for, nothing is written ahead. */
  #preparedUnlessRefused(value: unknown): readonly PreparedDocument[] {
    if (value === null || value === undefined || isFindOperator(value)) return []
    try {
      return [this.#prepared(value)]
    } catch {
      return []
    }
  }

  #assertLeaf(leaf: unknown, { label }: LeafPath): void {
    if (typeof leaf !== "string") return
    if (this.isOwnToken(leaf)) {
      throw new EncryptionError(
        "ERR_ALREADY_ENCRYPTED",
        `${this.property}: the value at ${label} is already a token under one of this DataSource's ` +
          "keys. It probably comes from a raw query; pass raw rows through `decryptRaw` first.",
      )
    }
    if (!writesPlaintext(this.phase) || !looksLikeToken(leaf)) return
    throw invalidValue(
      this.property,
      `the value at ${label} looks like a token, and would be taken for one where plaintext: ` +
        `"${this.phase}" stores it as it is`,
    )
  }

  #misplaced({ label }: LeafPath): EncryptionError {
    return invalidValue(
      this.property,
      `the document has an array where ${label} has a key, whose elements hold what it would name; ` +
        "declare the path with a * there",
    )
  }

  #assertLength(cell: string): void {
    const { tokenLimit: limit, limitsBytes } = this.#scheme
    const length = limitsBytes ? Buffer.byteLength(cell) : cell.length
    if (limit === undefined || length <= limit) return
    throw invalidValue(
      this.property,
      `the document has ${length} ${limitsBytes ? "bytes" : "characters"} with its tokens and the ` +
        `column holds ${limit}; use a wider column type`,
    )
  }

  /** A leaf is opened, or read as what was there before. The error of one says where it is. */
  #readLeaf(leaf: unknown, { label }: LeafPath): unknown {
    try {
      return this.#leaf.read(cellOfLeaf(leaf))
    } catch (error) {
      if (!(error instanceof DecryptionError)) throw error
      const { property, reason, message } = error
      const located = message.replace(": the stored value", `: what is stored at ${label}`)
      throw new DecryptionError(property, reason, located)
    }
  }

  #documentIn(cell: unknown): unknown {
    if (typeof cell !== "string") {
      if (!Buffer.isBuffer(cell)) return cell
      throw unreadable(this.property, "malformed", "is not text")
    }
    const document = parsed(cell)
    if (this.#scheme.isParsed) {
      // A driver may have been told to leave JSON as it is
      return document && this.#tokensOf(document).length > 0 ? document : cell
    }
    if (document !== undefined) return document
    throw unreadable(
      this.property,
      "malformed",
      mayBeToken(cell)
        ? "is a token as a whole, and only parts of documents are encrypted here. Decrypt the column " +
            "without `paths` first"
        : "is no JSON",
    )
  }

  #tokensIn(cell: unknown): readonly string[] {
    const document = typeof cell === "string" ? parsed(cell) : cell
    return this.#tokensOf(document)
  }

  #tokensOf(document: unknown): readonly string[] {
    const isToken = (leaf: unknown): leaf is string => typeof leaf === "string" && mayBeToken(leaf)
    return leavesIn(document, this.paths).filter(isToken)
  }
}

/** `undefined` for what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
