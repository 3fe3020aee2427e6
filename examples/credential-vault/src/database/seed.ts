import { randomUUID } from "node:crypto"

import type { DataSource } from "typeorm"

/** Whom the seeded credentials belong to, and who manages a vault that nobody has signed in to. */
export const firstAdmin = "admin@vault.example"

/**
 * Fills the tables as an application did that stored its credentials in plaintext, in one transaction:
 * there is all of it, or none.
 */
export async function seedFromBefore(dataSource: DataSource, cameras: number): Promise<void> {
  await dataSource.transaction(async (manager) => {
    // Without a password, which an admin is given when the vault starts
    const owners = await manager.query<{ id: string }[]>(
      "INSERT INTO users (email, password_hash, role) VALUES ($1, '', 'admin') RETURNING id",
      [firstAdmin],
    )
    await manager.query(
      `INSERT INTO cameras (owner_id, name, url, username, password)
       SELECT $1, 'Camera ' || n, 'http://192.0.2.' || n % 250 + 1 || '/snapshot.jpg', 'viewer',
         'from-before-' || n
       FROM generate_series(1, $2::int) n`,
      [owners[0]?.id, cameras],
    )
    await manager.query(
      `INSERT INTO provider_keys (owner_id, provider, key_name, api_key) VALUES
       ($1, 'openai', 'From before', 'sk-from-before-0001'),
       ($1, 'anthropic', 'From before', 'sk-ant-from-before-0002')`,
      [owners[0]?.id],
    )
    const definition = {
      event: "camera.offline",
      actions: [
        {
          id: randomUUID(),
          type: "webhook",
          url: "https://hooks.example.com/offline",
          headers: { authorization: "Bearer from-before-0003" },
        },
      ],
    }
    await manager.query(
      "INSERT INTO alert_rules (owner_id, name, definition) VALUES ($1, 'A camera is offline', $2)",
      [owners[0]?.id, JSON.stringify(definition)],
    )
  })
  process.stderr.write(
    `Stored ${cameras} cameras in plaintext, as from before, and what ${firstAdmin} has besides.\n`,
  )
}
