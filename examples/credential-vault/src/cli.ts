import "reflect-metadata"

import { parseArgs } from "node:util"

import { DataSource } from "typeorm"
import { Keyring, withEncryption } from "typeorm-fernet"

import { backup, type BackupPlace, restore } from "./backup/backup.js"
import { getReady, type Ready } from "./config/connect.js"
import { dataSourceOptions, keyOptions } from "./database/data-source-options.js"
import { prepareDatabase } from "./database/prepare-database.js"
import { roles } from "./entities/user.js"
import { givePassword } from "./users/users.js"

const USAGE = `Usage:
  npm run backup -- FILE         write all tables into one encrypted file
  npm run restore -- FILE        prove such a file whole, and put it into an empty vault
  npm run user -- EMAIL [ROLE]   give somebody a new password, and an account if need be`

const tell = (line: string) => process.stderr.write(`${line}\n`)

function backupPlace({ config, keys }: Ready): BackupPlace {
  const { BACKUP_ENCRYPTION_ENABLED: isEncrypted, BACKUP_ENCRYPTION_KEY: key } = config
  if (isEncrypted && !key) {
    throw new Error("Set BACKUP_ENCRYPTION_KEY, or BACKUP_ENCRYPTION_ENABLED to false.")
  }
  return {
    url: config.DATABASE_URL,
    keyring: isEncrypted && key ? new Keyring(key.split(",")) : undefined,
    fingerprints: keys.fingerprints(),
  }
}

function summary(tables: Readonly<Record<string, number>>): string {
  return Object.entries(tables)
    .map(([table, rows]) => `${rows} ${table}`)
    .join(", ")
}

const commands: Readonly<Record<string, (ready: Ready, args: readonly string[]) => Promise<void>>> =
  {
    async backup(ready, [file = ""]) {
      const { tables } = await backup(backupPlace(ready), file)
      tell(`Wrote ${file}: ${summary(tables)}.`)
    },
    async restore(ready, [file = ""]) {
      await prepareDatabase(ready.config.DATABASE_URL, ready.keys, { cameras: 0 })
      const { tables } = await restore(backupPlace(ready), file)
      tell(`Restored ${file}: ${summary(tables)}.`)
    },
    async user({ config, keys }, [email = "", role = "member"]) {
      const known = roles.find((one) => one === role)
      if (!known) throw new Error(`A role is one of ${roles.join(", ")}.`)
      const options = dataSourceOptions(config.DATABASE_URL)
      const dataSource = withEncryption(new DataSource(options), keyOptions(keys))
      await dataSource.initialize()
      try {
        tell(`The password of ${email} is ${await givePassword(dataSource, email, known)}.`)
      } finally {
        await dataSource.destroy()
      }
    },
  }

const [name = "", ...args] = parseArgs({ allowPositionals: true }).positionals
const command = commands[name]
if (!command || !args[0]) {
  tell(USAGE)
  process.exit(2)
}
try {
  const ready = await getReady()
  try {
    await command(ready, args)
  } finally {
    await ready.release()
  }
} catch (error) {
  tell(`Nothing was done. ${error instanceof Error ? error.message : "Something went wrong."}`)
  process.exitCode = 1
}
