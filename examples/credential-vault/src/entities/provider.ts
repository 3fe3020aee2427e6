/** The AI providers whose keys the vault tests and keeps. */
export const providers = ["openai", "anthropic", "google"] as const

export type Provider = (typeof providers)[number]
