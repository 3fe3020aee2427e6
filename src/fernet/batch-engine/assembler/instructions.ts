/**
 * Instructions of WebAssembly and its fixed-width SIMD, as functions that return their encoding
 * (WebAssembly Core Specification 2.0, section 5.4). Operands come first in the machine's code, so
 * that an expression is written as a call: `i32.add(at, 16)`.
 */

/** Encoded instructions, nested as they were put together. */
export type Code = readonly (Code | number)[]

/** What an instruction takes: code that leaves a value, a local variable, or a number. */
export type Operand = Code | Local | number

/** The types of values that are used, by their encoding. */
export const VALUE_TYPES = { i32: 0x7f, v128: 0x7b } as const

const SIMD_PREFIX = 0xfd
const NO_RESULT = 0x40
const END = 0x0b

/** A parameter or a local variable of a function. */
export class Local {
  readonly #index: Code

  constructor(index: number) {
    this.#index = unsigned(index)
  }

  /** Its value. */
  get get(): Code {
    return [0x20, this.#index]
  }

  /** Assigns a value. */
  set(value: Operand): Code {
    return [codeOf(value), 0x21, this.#index]
  }

  /** Assigns a value, and leaves it as a result. */
  tee(value: Operand): Code {
    return [codeOf(value), 0x22, this.#index]
  }

  /** Adds to it. */
  increase(by: Operand): Code {
    return this.set(i32.add(this, by))
  }
}

type Unary = (operand: Operand) => Code
type Binary = (left: Operand, right: Operand) => Code
/** A shift of every lane by the same number of bits. */
type LaneShift = (vector: Operand, bits: number) => Code
type Load = (address: Operand, offset?: number) => Code
type Store = (address: Operand, value: Operand, offset?: number) => Code

/** Arithmetic on 32-bit integers; what `U` ends takes them as unsigned. */
export const i32: Readonly<
  Record<
    | ("add" | "sub" | "mul" | "divU" | "and" | "or" | "xor" | "shl" | "shrU")
    | ("eq" | "ne" | "ltU" | "gtU" | "leU" | "geU"),
    Binary
  > &
    Record<"not", Unary> &
    Record<"load" | "load8U", Load> &
    Record<"store" | "store8", Store>
> = {
  add: binary(0x6a),
  sub: binary(0x6b),
  mul: binary(0x6c),
  divU: binary(0x6e),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  shl: binary(0x74),
  shrU: binary(0x76),
  eq: binary(0x46),
  ne: binary(0x47),
  ltU: binary(0x49),
  gtU: binary(0x4b),
  leU: binary(0x4d),
  geU: binary(0x4f),
  /** 1 for 0, 0 for anything else. */
  not: (operand) => [codeOf(operand), 0x45],
  load: load([0x28], 2),
  load8U: load([0x2d], 0),
  store: store([0x36], 2),
  store8: store([0x3a], 0),
}

/** 128 bits as a whole. */
export const v128: Readonly<
  Record<"and" | "or" | "xor", Binary> &
    Record<"anyTrue", Unary> &
    Record<"load" | "loadSplat32", Load> &
    Record<"store", Store>
> & {
  readonly const: (bytes: readonly number[]) => Code
  readonly select: (ones: Operand, zeros: Operand, mask: Operand) => Code
} = {
  and: binary(simd(0x4e)),
  or: binary(simd(0x50)),
  xor: binary(simd(0x51)),
  /** 1 if any bit is set. */
  anyTrue: (operand) => [codeOf(operand), simd(0x53)],
  // No alignment is promised: tokens lie wherever the one before ends
  load: load(simd(0x00), 0),
  loadSplat32: load(simd(0x09), 2),
  store: store(simd(0x0b), 0),
  const: (bytes) => [simd(0x0c), bytes],
  /** Takes each bit from `ones` where the mask has a one, and from `zeros` where it has a zero. */
  select: (ones, zeros, mask) => [codeOf(ones), codeOf(zeros), codeOf(mask), simd(0x52)],
}

/** Sixteen lanes of a byte. */
export const i8x16: Readonly<
  Record<"add" | "eq" | "gtS" | "swizzle", Binary> & Record<"signs" | "splat", Unary>
> & { readonly shuffle: (left: Operand, right: Operand, lanes: readonly number[]) => Code } = {
  add: binary(simd(0x6e)),
  eq: binary(simd(0x23)),
  gtS: binary(simd(0x27)),
  /** Looks up each byte of the right operand, a position, in the left one. */
  swizzle: binary(simd(0x0e)),
  /** The top bits of all lanes, as a number. */
  signs: (operand) => [codeOf(operand), simd(0x64)],
  splat: (operand) => [codeOf(operand), simd(0x0f)],
  /** Picks lanes: 0 to 15 are the left operand's, 16 to 31 the right one's. */
  shuffle: (left, right, lanes) => [codeOf(left), codeOf(right), simd(0x0d), lanes],
}

/** Eight lanes of 16 bits. */
export const i16x8: Readonly<Record<"shl" | "shrU", LaneShift> & Record<"dot", Binary>> = {
  shl: laneShift(0x8b),
  shrU: laneShift(0x8d),
  /** Multiplies signed lanes and adds each two products to one of 32 bits. */
  dot: binary(simd(0xba)),
}

/** Four lanes of 32 bits. */
export const i32x4: Readonly<Record<"shl" | "shrU", LaneShift> & Record<"add" | "eq", Binary>> & {
  readonly lane: (vector: Operand, lane: number) => Code
} = {
  shl: laneShift(0xab),
  shrU: laneShift(0xad),
  add: binary(simd(0xae)),
  eq: binary(simd(0x37)),
  lane: (vector, lane) => [codeOf(vector), simd(0x1b), lane],
}

/** Does something if a condition is not 0. */
export function when(condition: Operand, ...body: readonly Code[]): Code {
  return [codeOf(condition), 0x04, NO_RESULT, body, END]
}

/** Does something again as long as the condition after it is not 0; once at least. */
export function doWhile(body: readonly Code[], condition: Operand): Code {
  return [0x03, NO_RESULT, body, codeOf(condition), 0x0d, 0, END]
}

/** Does something for every number below a count. */
export function countTo(count: Operand, index: Local, ...body: readonly Code[]): Code {
  const next = index.tee(i32.add(index, 1))
  return [index.set(0), when(count, doWhile(body, i32.ltU(next, count)))]
}

/** Calls the function at an index. */
export function call(index: number, operands: readonly Operand[]): Code {
  return [operands.map(codeOf), 0x10, unsigned(index)]
}

/** Returns the encoding of nested code as it is run. */
export function flatten(code: Code): number[] {
  const bytes: number[] = []
  const visit = (part: Code | number): void => {
    if (typeof part === "number") bytes.push(part)
    else part.forEach(visit)
  }
  visit(code)
  return bytes
}

/** Encodes an unsigned number, in as few bytes as it takes (LEB128, section 5.2.2). */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    // The last byte's bit 6 stands for all bits that are not written
    if (rest >= -0x40 && rest < 0x40) return [...bytes, rest & 0x7f]
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function codeOf(operand: Operand): Code {
  if (operand instanceof Local) return operand.get
  return typeof operand === "number" ? [0x41, ...signed(operand)] : operand
}

function simd(opcode: number): Code {
  return [SIMD_PREFIX, unsigned(opcode)]
}

function binary(opcode: Code | number): Binary {
  return (left, right) => [codeOf(left), codeOf(right), opcode]
}

function laneShift(opcode: number): LaneShift {
  return (vector, bits) => [codeOf(vector), codeOf(bits), ...simd(opcode)]
}

function load(opcode: Code, alignment: number): Load {
  return (address, offset = 0) => [codeOf(address), opcode, alignment, unsigned(offset)]
}

function store(opcode: Code, alignment: number): Store {
  return (address, value, offset = 0) => [
    codeOf(address),
    codeOf(value),
    opcode,
    alignment,
    unsigned(offset),
  ]
}
