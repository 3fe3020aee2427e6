import {
  type Code,
  call,
  flatten,
  Local,
  type Operand,
  unsigned,
  VALUE_TYPES,
} from "./instructions"

/** A function of a module, to be called from others. */
export interface WasmFunction {
  readonly name: string
  readonly call: (...operands: readonly Operand[]) => Code
}

/** What a function is made of while its body is written. */
export interface FunctionFrame {
  readonly parameters: readonly Local[]
  /** Returns a new variable, 0 at first. */
  readonly local: (type: keyof typeof VALUE_TYPES) => Local
  /** Returns so many new vectors. */
  readonly vectors: (count: number) => readonly Local[]
}

interface Definition {
  readonly name: string
  readonly parameters: number
  readonly results: number
  readonly locals: readonly number[]
  readonly code: Code
}

/** Sections of a module, by their encoding. */
const SECTIONS = { types: 1, functions: 3, memories: 5, exports: 7, code: 10 } as const
const EXPORT_KINDS = { function: 0, memory: 2 } as const
const FUNCTION_TYPE = 0x60
const END = 0x0b

/**
 * Puts a module of WebAssembly together (Core Specification 2.0, section 5.5): functions of 32-bit
 * integers, all exported, and one memory, exported as `memory`, that neither grows nor shrinks.
 */
export class ModuleBuilder {
  readonly #definitions: Definition[] = []

  /**
   * Adds a function.
   *
   * @param signature - how many integers it takes and returns
   * @param write - returns its instructions; a result is what the last of them leaves
   */
  define(
    name: string,
    signature: { readonly parameters: number; readonly results?: 0 | 1 },
    write: (frame: FunctionFrame) => readonly Code[],
  ): WasmFunction {
    const { parameters, results = 0 } = signature
    const locals: number[] = []
    const local: FunctionFrame["local"] = (type) =>
      new Local(parameters + locals.push(VALUE_TYPES[type]) - 1)
    const code = write({
      parameters: Array.from({ length: parameters }, (_, index) => new Local(index)),
      local,
      vectors: (count) => Array.from({ length: count }, () => local("v128")),
    })
    const index = this.#definitions.push({ name, parameters, results, locals, code }) - 1
    return { name, call: (...operands) => call(index, operands) }
  }

  /**
   * Returns the module.
   *
   * @param pages - size of the memory in units of 64 KiB
   */
  build(pages: number): Uint8Array<ArrayBuffer> {
    const all = this.#definitions
    return Uint8Array.from(
      flatten([
        ...Buffer.from("\0asm\x01\0\0\0", "latin1"),
        section(SECTIONS.types, all.map(encodeType)),
        section(
          SECTIONS.functions,
          all.map((_, index) => unsigned(index)),
        ),
        section(SECTIONS.memories, [[1, ...unsigned(pages), ...unsigned(pages)]]),
        section(SECTIONS.exports, [
          [encodeName("memory"), EXPORT_KINDS.memory, 0],
          ...all.map(({ name }, index) => [
            encodeName(name),
            EXPORT_KINDS.function,
            unsigned(index),
          ]),
        ]),
        section(SECTIONS.code, all.map(encodeBody)),
      ]),
    )
  }
}

function encodeType({ parameters, results }: Definition): Code {
  const integers = (count: number): Code[] => Array<Code>(count).fill([VALUE_TYPES.i32])
  return [FUNCTION_TYPE, vector(integers(parameters)), vector(integers(results))]
}

function encodeBody({ locals, code }: Definition): Code {
  const body = flatten([vector(locals.map((type) => [1, type])), code, END])
  return [unsigned(body.length), body]
}

function section(id: number, items: readonly Code[]): Code {
  const content = flatten(vector(items))
  return [id, unsigned(content.length), content]
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function encodeName(name: string): Code {
  return [...unsigned(name.length), ...Buffer.from(name, "latin1")]
}
