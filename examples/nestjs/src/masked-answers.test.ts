import "reflect-metadata"

import assert from "node:assert/strict"
import { afterEach, beforeEach, describe, test } from "node:test"

import { Controller, Get, type INestApplication, Module, StreamableFile } from "@nestjs/common"
import { Test } from "@nestjs/testing"
import { InjectRepository, TypeOrmModule } from "@nestjs/typeorm"
import { instanceToPlain } from "class-transformer"
import {
  Column,
  DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  Repository,
} from "typeorm"
import { EncryptedColumn, generateKey } from "typeorm-fernet"
import { encryptedDataSource } from "typeorm-fernet/nestjs"

import {
  MaskedAnswersModule,
  maskTransformed,
  SerializedAnswersModule,
} from "./masked-answers.module.js"

class Address {
  @EncryptedColumn({ type: "text" }) street!: string
  @Column({ type: "text" }) city!: string
}

abstract class Person {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ type: "text" }) ssn!: string
}

@Entity()
class Doctor extends Person {
  @EncryptedColumn({ type: "text" }) email!: string
  @OneToMany(() => Client, (client) => client.doctor) clients?: Client[]
}

@Entity()
class Client extends Person {
  @Column(() => Address) address!: Address
  @ManyToOne(() => Doctor, (doctor) => doctor.clients, { cascade: true }) doctor!: Doctor
}

@Controller("clients")
class ClientsController {
  constructor(@InjectRepository(Client) private readonly clients: Repository<Client>) {}

  @Get()
  list(): Promise<Client[]> {
    return this.clients.find({ relations: { doctor: true } })
  }

  @Get("plain")
  async plain(): Promise<object> {
    const [client] = await this.list()
    return { client: { ...client }, total: 1 }
  }

  @Get("file")
  file(): StreamableFile {
    return new StreamableFile(Buffer.from("as it is"))
  }

  @Get("nothing")
  nothing(): void {}
}

@Module({ imports: [TypeOrmModule.forFeature([Client, Doctor])], controllers: [ClientsController] })
class ClientsModule {}

const masked = {
  id: 1,
  ssn: "****1120",
  address: { street: "****reet", city: "Bonn" },
  doctor: { id: 1, ssn: "****1121", email: "g****@****.org" },
}

let application: INestApplication

/** Starts an application, and returns how it is asked. */
async function start(answers: unknown) {
  const database = TypeOrmModule.forRootAsync(
    encryptedDataSource({
      useFactory: () => ({
        type: "sqljs",
        autoLoadEntities: true,
        synchronize: true,
        encryption: { keyring: () => generateKey() },
      }),
    }),
  )
  const imports = [database, ClientsModule, answers] as never[]
  const module = await Test.createTestingModule({ imports }).compile()
  application = module.createNestApplication({ logger: false })
  await application.listen(0, "127.0.0.1")
  await application.get(DataSource).manager.save(Client, {
    ssn: "078-05-1120",
    address: { street: "Long Winding Street", city: "Bonn" },
    doctor: { ssn: "078-05-1121", email: "gregory@example.org" },
  })
  const url = await application.getUrl()
  return async (path = ""): Promise<string> => (await fetch(`${url}/clients${path}`)).text()
}

afterEach(() => application.close())

describe("the interceptor that masks", () => {
  let ask: Awaited<ReturnType<typeof start>>

  beforeEach(async () => {
    ask = await start(MaskedAnswersModule)
  })

  test("masks what is encrypted in entities and in other objects, at any depth", async () => {
    assert.deepEqual(JSON.parse(await ask()), [masked])
    assert.deepEqual(JSON.parse(await ask("/plain")), { client: masked, total: 1 })
  })

  test("leaves files, and answers of nothing", async () => {
    assert.equal(await ask("/file"), "as it is")
    assert.equal(await ask("/nothing"), "")
  })
})

describe("Nest's ClassSerializerInterceptor", () => {
  test("masks what is encrypted in entities, and nothing of what a handler copied from one", async () => {
    const ask = await start(SerializedAnswersModule)

    assert.deepEqual(JSON.parse(await ask()), [masked])
    assert.match(await ask("/plain"), /078-05-1120/)
  })

  test("does so by class-transformer, in one direction, and twice as once", async () => {
    await start(SerializedAnswersModule)
    maskTransformed(application.get(DataSource))

    const [client] = await application.get(ClientsController).list()

    assert.deepEqual(instanceToPlain(client), masked)
    assert.equal(client?.ssn, "078-05-1120")
  })
})
