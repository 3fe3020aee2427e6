/** An answer that is no success, in words to show. */
export class ApiError extends Error {
  constructor(status, body) {
    const details = (body.details ?? []).map(({ path, message }) => `${path}: ${message}`)
    super([body.message ?? "The vault cannot be reached.", ...details].join(" "))
    this.status = status
  }
}

let csrfToken = null

/** Called when the session is over. */
export const session = { ended: () => undefined }

/** Asks the vault. */
export async function api(method, path, body) {
  let response
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(csrfToken && { "x-csrf-token": csrfToken }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch {
    throw new ApiError(0, { message: "The vault cannot be reached. Is it running?" })
  }
  const answer = await response.json().catch(() => ({}))
  if (answer.csrf_token !== undefined) csrfToken = answer.csrf_token
  if (response.ok) return answer
  if (response.status === 401 && path !== "/api/session") session.ended()
  throw new ApiError(response.status, answer)
}
