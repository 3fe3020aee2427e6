import { ModuleBuilder } from "../assembler/module-builder"
import { PAGES } from "../layout"
import { defineDecode } from "./base64url"
import { defineHmac } from "./hmac"
import { defineGather, defineLoad, definePaddingBefore, defineUnpad } from "./opening"
import {
  defineBegin,
  definePack,
  definePlace,
  defineRenew,
  defineScatter,
  defineWrite,
} from "./sealing"
import { defineCompress } from "./sha256"
import { definePad } from "./slots"

/** Returns the program that opens, makes and signs many at once, as a module of WebAssembly. */
export function assembleProgram(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder()
  const pad = definePad(module)
  const paddingBefore = definePaddingBefore(module)
  defineHmac(module, defineCompress(module))
  defineLoad(module, defineDecode(module), pad)
  defineGather(module)
  defineUnpad(module, paddingBefore)
  definePack(module)
  defineRenew(module, paddingBefore)
  defineBegin(module, pad)
  defineScatter(module)
  defineWrite(module)
  definePlace(module, pad)
  return module.build(PAGES)
}
