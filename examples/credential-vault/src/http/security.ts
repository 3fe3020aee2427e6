import { createHash, createHmac } from "node:crypto"

import connectPgSimple from "connect-pg-simple"
import cookieParser from "cookie-parser"
import { doubleCsrf } from "csrf-csrf"
import type { Request, RequestHandler, Response } from "express"
import session from "express-session"
import helmet from "helmet"
import type { Pool } from "pg"

import type { Config } from "../config/config.js"

declare module "express-session" {
  interface SessionData {
    userId: string
  }
}

/** The cookies of the vault go over TLS only, unless it has none. */
function isSecure({ PUBLIC_URL }: Config): boolean {
  return PUBLIC_URL.startsWith("https:")
}

/** Headers that keep a browser from running, framing or sending on what is not the vault's. */
export function headers(config: Config): RequestHandler {
  const directives = {
    "default-src": ["'self'"],
    "script-src": ["'self'"],
    // Pico draws its icons by data: URLs
    "img-src": ["'self'", "data:"],
    "style-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    ...(!isSecure(config) && { "upgrade-insecure-requests": null }),
  }
  const page = helmet({
    contentSecurityPolicy: { directives },
    strictTransportSecurity: isSecure(config),
  })
  // Swagger's own page has styles in it
  const docs = helmet({
    contentSecurityPolicy: {
      directives: { ...directives, "style-src": ["'self'", "'unsafe-inline'"] },
    },
    strictTransportSecurity: isSecure(config),
  })
  return (request, response, next) => {
    response.setHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if (request.path.startsWith("/api")) response.setHeader("Cache-Control", "no-store")
    const isDocs = request.path.startsWith("/api/docs")
    ;(isDocs ? docs : page)(request, response, next)
  }
}

/** Sessions in PostgreSQL: a cookie holds nothing but the signed id of one. */
export function sessions(config: Config, pool: Pool): RequestHandler {
  const Store = connectPgSimple(session)
  return session({
    name: isSecure(config) ? "__Host-vault" : "vault",
    secret: config.SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    store: new Store({ pool, tableName: "session", errorLog: () => undefined }),
    cookie: {
      httpOnly: true,
      sameSite: "strict",
      secure: isSecure(config),
      path: "/",
      maxAge: config.SESSION_HOURS * 3_600_000,
    },
  })
}

/** What protects a session from pages of others. */
export interface Csrf {
  readonly parse: RequestHandler
  readonly protect: RequestHandler
  /** Returns the token that the session's page is to send with every change, as `x-csrf-token`. */
  tokenFor(request: Request, response: Response): string
}

/** What `Csrf` is injected by. */
export const CSRF = Symbol("CSRF")

/** Makes the protection. A request that acts by no session, as one with an API key, needs none. */
export function csrf(config: Config): Csrf {
  const secret = createHmac("sha256", config.SESSION_SECRET).update("csrf").digest("hex")
  const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
    getSecret: () => secret,
    getSessionIdentifier: ({ sessionID }) => createHash("sha256").update(sessionID).digest("hex"),
    cookieName: isSecure(config) ? "__Host-vault-csrf" : "vault-csrf",
    cookieOptions: { sameSite: "strict", secure: isSecure(config), httpOnly: true, path: "/" },
    skipCsrfProtection: ({ session, headers }) =>
      session.userId === undefined || headers.authorization !== undefined,
  })
  return {
    parse: cookieParser(),
    protect: doubleCsrfProtection,
    tokenFor: (request, response) => generateCsrfToken(request, response, { overwrite: true }),
  }
}
