import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from "@nestjs/common"
import type { Request, Response } from "express"
import { QueryFailedError } from "typeorm"
import { EncryptionError } from "typeorm-fernet"

import { ApiError, type ErrorBody } from "./api-error.js"

/** Answers every error in one shape, without stack, statement or value. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp()
    const request = http.getRequest<Request>()
    const response = http.getResponse<Response>()
    const answer = toApiError(error)
    if (answer.getStatus() >= 500) request.log.error({ err: error }, "request failed")
    sendError(request, response, answer)
  }
}

/** Sends an error. What is being streamed is cut off instead. */
export function sendError(request: Request, response: Response, answer: ApiError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body: ErrorBody = {
    error: answer.code,
    message: answer.message,
    request_id: String(request.id),
    ...(answer.details.length > 0 && { details: answer.details }),
  }
  response.status(answer.getStatus()).json(body)
}

const codes: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "not_signed_in",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  415: "unsupported_media_type",
  429: "too_many_requests",
  503: "unavailable",
}

const internal = () => new ApiError(500, "internal_error", "Something went wrong inside.")

/** Returns the answer to an error. Only messages that were written for clients reach them. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof EncryptionError) return fromEncryption(error)
  if (error instanceof HttpException) return fromStatus(error.getStatus())
  if (error instanceof QueryFailedError) return fromDatabase(error)
  // As the parsers of express have it
  const { status } = (error ?? {}) as { readonly status?: unknown }
  return typeof status === "number" && status < 500 ? fromStatus(status) : internal()
}

// #region encryption-errors
function fromEncryption({ code }: EncryptionError): ApiError {
  switch (code) {
    case "ERR_INVALID_VALUE":
    case "ERR_ALREADY_ENCRYPTED":
      return new ApiError(400, "invalid_value", "A value cannot be stored as it is.")
    case "ERR_KEY_MISSING":
      return new ApiError(503, "unavailable", "The vault has no keys at the moment.")
    default:
      return internal()
  }
}
// #endregion

function fromDatabase({ driverError }: QueryFailedError): ApiError {
  const { code } = driverError as { readonly code?: string }
  return code === "23505" ? new ApiError(409, "conflict", "There is one already.") : internal()
}

const messages: Readonly<Record<number, string>> = {
  400: "The request cannot be read.",
  401: "Sign in first.",
  403: "You may not do that.",
  404: "There is nothing here.",
  413: "The request is too large.",
  429: "Too many requests. Wait a minute.",
}

function fromStatus(status: number): ApiError {
  const message = messages[status] ?? "The request was refused."
  return status < 500
    ? new ApiError(status, codes[status] ?? "refused", message)
    : new ApiError(status, codes[status] ?? "internal_error", "Something went wrong inside.")
}
