import { channel } from "node:diagnostics_channel"

import type { DataSource } from "typeorm"

import { EncryptionError } from "../../errors"

/** Whether strings that nothing answers are refused, or sent as they are and told. */
export type StringPolicy = "throw" | "warn"

/** Under `Symbol.for`, so that a second copy of the package sees what the first did. */
const STRINGS = Symbol.for("typeorm-fernet.strings")

type WithPolicy = DataSource & { [STRINGS]?: StringPolicy }

/** Leaves on a DataSource what is done about its strings. */
export function keepStringPolicy(dataSource: DataSource, policy: StringPolicy): void {
  Object.defineProperty(dataSource, STRINGS, { value: policy })
}

/** Returns what is done about strings on a DataSource that went through `withEncryption`. */
export function stringPolicyOf(dataSource: DataSource): StringPolicy {
  return (dataSource as WithPolicy)[STRINGS] ?? "throw"
}

/**
 * What is published on the channel `typeorm-fernet:string.unanswered`, under `strings: "warn"`, each
 * time a statement is compiled that would otherwise throw. It holds no value.
 */
export interface UnansweredStringEvent {
  /** The column, as `Entity.property`. */
  readonly column: string
  /** What will be thrown: the form of the fragment, and what would work. */
  readonly message: string
  /**
   * Where the statement is executed, as `file:line:column`: in the application, or else in the package
   * that does it; `undefined` if the stack shows neither.
   */
  readonly callSite: string | undefined
  /** How many times it has been told from there, this one included. */
  readonly count: number
}

const unanswered = channel("typeorm-fernet:string.unanswered")

const counts = new Map<string, number>()

/** Call sites that are counted at most, where strings are made of what changes. */
const MAX_COUNTS = 10_000

/** Whether what is wrong with a string is only told where it is not to be thrown. */
export function isPassed(error: unknown): error is EncryptionError {
  if (!(error instanceof EncryptionError)) return false
  return error.code === "ERR_UNSUPPORTED_QUERY" || error.code === "ERR_INVALID_VALUE"
}

/** Tells of a string that is sent as it is. */
export function tellUnanswered(column: string, { message }: EncryptionError): void {
  if (!unanswered.hasSubscribers) return
  const callSite = callSiteOf(stackFrames())
  const key = JSON.stringify([callSite, message])
  const count = (counts.get(key) ?? 0) + 1
  if (count > 1 || counts.size < MAX_COUNTS) counts.set(key, count)
  const event: UnansweredStringEvent = { column, message, callSite, count }
  unanswered.publish(event)
}

/** Frames that are looked at: TypeORM and a library on top of it take up to a few dozen. */
const STACK_FRAMES = 100

/** One call on the stack. */
interface Frame {
  /** The file that runs: under source maps it may be compiled from another one. */
  readonly file: string
  /** `file:line:column`, as stacks show it, of the source where source maps are enabled. */
  readonly place: string
}

function stackFrames(): readonly Frame[] {
  const { stackTraceLimit } = Error
  const prepareStackTrace: unknown = Reflect.get(Error, "prepareStackTrace")
  Error.stackTraceLimit = STACK_FRAMES
  const { stack: shown = "" } = new Error()
  try {
    Error.prepareStackTrace = (_error, sites) => sites
    const sites = new Error().stack as unknown as NodeJS.CallSite[]
    const lines = shown.split("\n").filter((line) => /^\s+at /.test(line))
    return sites.flatMap((site, i) => {
      const file = site.getFileName()
      const [, place] = /^\s+at (?:.*\()?(.*:\d+:\d+)\)?$/.exec(lines[i] ?? "") ?? []
      return file && place ? [{ file, place: place.replace(/^async /, "") }] : []
    })
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace })
  }
}

/** The folder of this package, as the stack names it. */
const OWN_FOLDER = __dirname.replace(/binding[\\/]queries$/, "")

/** The first frame of the application, or of what stands between it and TypeORM. */
function callSiteOf(frames: readonly Frame[]): string | undefined {
  const others = frames.filter(
    ({ file }) =>
      !file.startsWith(OWN_FOLDER) &&
      !file.startsWith("node:") &&
      !/[\\/]node_modules[\\/]typeorm[\\/]/.test(file),
  )
  const application = others.find(({ file }) => !/[\\/]node_modules[\\/]/.test(file))
  return (application ?? others[0])?.place
}
