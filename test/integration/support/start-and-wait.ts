import { startPostgres } from "../../support/postgres/start-postgres"

/** Starts a server, prints its URL and waits to be killed. */
async function main(): Promise<void> {
  const { url } = await startPostgres({ announce: () => undefined })
  process.stdout.write(`${url}\n`)
  setInterval(() => undefined, 60_000)
}

void main()
