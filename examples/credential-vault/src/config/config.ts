import { readFileSync } from "node:fs"

import { z } from "zod"

const list = z
  .string()
  .default("")
  .transform((text) => text.split(",").flatMap((part) => part.trim() || []))

const flag = z.stringbool()

const environment = z.object({
  DATABASE_URL: z.url(),
  PORT: z.coerce.number().int().min(0).default(3000),
  HOST: z.string().default("127.0.0.1"),
  PUBLIC_URL: z.url().default("http://localhost:3000"),
  TRUST_PROXY: z.string().default(""),
  SESSION_SECRET: z.string().min(32),
  SESSION_HOURS: z.coerce.number().positive().default(12),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  REQUESTS_PER_MINUTE: z.coerce.number().int().positive().default(600),
  API_KEY_EXPIRY_DAYS: z.coerce.number().int().positive().default(30),
  OPENAI_BASE_URL: z.url().default("https://api.openai.com"),
  ANTHROPIC_BASE_URL: z.url().default("https://api.anthropic.com"),
  GOOGLE_BASE_URL: z.url().default("https://generativelanguage.googleapis.com"),
  OUTBOUND_ALLOWED: list,
  OUTBOUND_TIMEOUT_MS: z.coerce.number().int().positive().default(10_000),
  WEBHOOK_ATTEMPTS: z.coerce.number().int().positive().default(6),
  WEBHOOK_RETRY_SECONDS: z.coerce.number().int().positive().default(2),
  KEY_REFRESH_SECONDS: z.coerce.number().positive().default(300),
  ROTATION_BATCH: z.coerce.number().int().positive().default(1000),
  ROTATION_PAUSE_MS: z.coerce.number().int().min(0).default(0),
  BACKUP_ENCRYPTION_ENABLED: flag.default(true),
  BACKUP_ENCRYPTION_KEY: z.string().optional(),
  /** Of the first admin, where it is not to be made up. */
  ADMIN_PASSWORD: z.string().min(12).optional(),
  /** Cameras that are stored in plaintext at the first start, to have something to encrypt. */
  SEED_CAMERAS: z.coerce.number().int().min(0).optional(),
})

/** What the vault is told by its environment, checked. */
export type Config = z.infer<typeof environment> & { readonly SEED_CAMERAS: number }

/** What `Config` is injected by. */
export const CONFIG = Symbol("CONFIG")

/**
 * Reads the environment. Of secrets, `NAME_FILE` may name the file that holds them.
 *
 * @throws Error naming each variable that is missing or wrong, and never its value
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { data, error } = environment.safeParse({
    ...env,
    ...fromFile(env, "SESSION_SECRET"),
    ...fromFile(env, "BACKUP_ENCRYPTION_KEY"),
    ...fromFile(env, "DATABASE_URL"),
    ...fromFile(env, "ADMIN_PASSWORD"),
  })
  const seeded = env.NODE_ENV === "production" ? 0 : 500
  if (data) return { ...data, SEED_CAMERAS: data.SEED_CAMERAS ?? seeded }
  const problems = error.issues.map(({ path, message }) => `  ${path.join(".")}: ${message}`)
  throw new Error(`The environment of the vault is not complete:\n${problems.join("\n")}`)
}

function fromFile(env: NodeJS.ProcessEnv, name: string): Record<string, string> {
  const path = env[`${name}_FILE`]
  return path && !env[name] ? { [name]: readFileSync(path, "utf8").trim() } : {}
}
