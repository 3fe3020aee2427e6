/**
 * One release of an application in a rolling deployment, in a process of its own: inserts, updates and
 * deletes every second account, and looks for what it wrote, until its standard input ends. Prints a
 * line for every few writes, and in the end what it left behind: a JSON object of ids and addresses.
 *
 * argv: type and URL of the database, the phase, which of two shares it writes, the key.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions, type Repository } from "typeorm"

import { Keyring, type PlaintextPhase, withEncryption } from "../../src"
import { Account, accounts, addresses } from "./account"

const [type = "", url = "", phase = "", share = "", key = ""] = process.argv.slice(2)
const WRITES_IN_A_LINE = 10
let told = false

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.resume().once("end", () => {
    told = true
  })
  const options = { type, url, entities: [Account] } as DataSourceOptions
  const keyring = new Keyring([key])
  const source = withEncryption(new DataSource(options), {
    keyring,
    plaintext: phase as PlaintextPhase,
  })
  await source.initialize()
  const repository = source.getRepository(Account)
  const own = (await repository.find()).filter(({ id }) => id % 2 === Number(share))
  const truth = new Map(own.map(({ id, email }) => [id, email]))
  for (let writes = 0; !told; writes++) {
    if (writes % WRITES_IN_A_LINE === 0) process.stdout.write("\n")
    await write(repository, truth)
  }
  await source.destroy()
  process.stdout.write(JSON.stringify(Object.fromEntries(truth)))
}

async function write(repository: Repository<Account>, truth: Map<number, string>): Promise<void> {
  const id = 2 * Math.floor((Math.random() * accounts) / 2) + Number(share)
  const email = addresses[Math.floor(Math.random() * addresses.length)] ?? ""
  const before = truth.get(id)
  if (before !== undefined && Math.random() < 0.2) {
    // By the address, which the index has to find
    const { affected } = await repository.delete({ email: before })
    if (affected !== 1) throw new Error(`${phase} deleted ${affected} accounts by one address.`)
    truth.delete(id)
    return
  }
  try {
    if (before === undefined) await repository.insert({ id, email })
    else await repository.update({ id }, { email })
    truth.set(id, email)
  } catch (error) {
    // Another account has the address: for that there is the index
    if ((error as Error).name !== "QueryFailedError") throw error
    if (!/duplicate|unique/i.test(String(error))) throw error
  }
  const now = truth.get(id)
  if (now === undefined) return
  const found = await repository.findBy({ email: now })
  if (found.length === 1 && found[0]?.id === id) return
  throw new Error(`${phase} found ${found.length} accounts by the address of one it wrote.`)
}

void main()
