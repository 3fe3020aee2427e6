import { StandardSchemaValidationPipe } from "@nestjs/common"
import { z } from "zod"

import { ApiError } from "./api-error.js"

/** Refuses what does not fit its schema, naming each part and never its value. */
export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new ApiError(
        400,
        "invalid_request",
        "The request does not have the form that this address takes.",
        issues.slice(0, 20).map(({ path = [], message }) => ({
          path: path.map((part) => String(typeof part === "object" ? part.key : part)).join("."),
          message,
        })),
      ),
  })
}

/** The id of something, in a path. */
export const id = z.uuid()

/** PostgreSQL stores no NUL in text. */
const withoutNul = (text: string) => !text.includes("\0")

/** A name that people give. */
export const name = z.string().trim().min(1).max(100).refine(withoutNul, "It holds a NUL.")

/** Text of any kind, of at most so many characters. */
export const textOf = (max: number) => z.string().max(max).refine(withoutNul, "It holds a NUL.")

/** A credential, taken as it is. */
export const credential = z.string().min(1).max(4096).refine(withoutNul, "It holds a NUL.")
