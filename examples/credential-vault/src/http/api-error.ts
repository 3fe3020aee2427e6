import { HttpException } from "@nestjs/common"

/** What is wrong with one part of a request. */
export interface Problem {
  readonly path: string
  readonly message: string
}

/** What every answer holds that is not a success. */
export interface ErrorBody {
  /** For programs. */
  readonly error: string
  /** For people. */
  readonly message: string
  /** By which the log says more. */
  readonly request_id: string
  readonly details?: readonly Problem[]
}

/** An answer other than a success, in words that the client may read. */
export class ApiError extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    message: string,
    readonly details: readonly Problem[] = [],
  ) {
    super(message, status)
  }
}

/** There is no such thing, or it is somebody else's: who asks is not told which. */
export function notFound(what: string): ApiError {
  return new ApiError(404, "not_found", `There is no such ${what}.`)
}
