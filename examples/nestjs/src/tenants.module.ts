import { Body, Controller, Get, Injectable, Module, Post, Query, Sse } from "@nestjs/common"
import { APP_INTERCEPTOR } from "@nestjs/core"
import { InjectRepository, TypeOrmModule } from "@nestjs/typeorm"
import { concatMap, from, type Observable } from "rxjs"
import { Repository } from "typeorm"
import { generateKey, TenantKeys } from "typeorm-fernet"
import { encryptedDataSource, TenantInterceptor } from "typeorm-fernet/nestjs"

import { Patient } from "./patient.js"

/** Stands for the client of a secret manager. */
@Injectable()
export class Secrets {
  readonly #keys = new Map<string, string>()

  async read(name: string): Promise<string> {
    const key = this.#keys.get(name) ?? generateKey()
    this.#keys.set(name, key)
    return key
  }
}

/** What guards and parsers left of a request. */
export interface TenantRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
}

// #region tenants
@Module({
  providers: [
    Secrets,
    {
      provide: TenantKeys,
      inject: [Secrets],
      useFactory: (secrets: Secrets) =>
        new TenantKeys((tenant) => secrets.read(`tenants/${tenant}`)),
    },
  ],
  exports: [Secrets, TenantKeys],
})
export class TenantKeysModule {}

@Module({
  imports: [
    TypeOrmModule.forRootAsync(
      encryptedDataSource({
        imports: [TenantKeysModule],
        inject: [TenantKeys],
        useFactory: (keyring: TenantKeys) => ({
          type: "sqljs",
          autoLoadEntities: true,
          synchronize: true,
          encryption: { keyring },
        }),
      }),
    ),
  ],
})
export class TenantDatabaseModule {}

@Module({
  imports: [TenantKeysModule, TenantDatabaseModule],
  providers: [
    {
      provide: APP_INTERCEPTOR,
      inject: [TenantKeys],
      useFactory: (tenants: TenantKeys) =>
        new TenantInterceptor(tenants, ({ headers }: TenantRequest) => headers["x-tenant"]),
    },
  ],
})
export class TenantsModule {}
// #endregion

@Controller("patients")
export class TenantPatientsController {
  constructor(@InjectRepository(Patient) private readonly patients: Repository<Patient>) {}

  @Post()
  create(@Body() { ssn }: { readonly ssn: string }): Promise<Patient> {
    return this.patients.save({ ssn })
  }

  @Get()
  search(@Query("ssn") ssn: string): Promise<Patient[]> {
    return this.patients.findBy({ ssn })
  }

  @Sse("events")
  events(@Query("ssn") ssn: string): Observable<{ readonly data: object }> {
    return from([1, 2, 3]).pipe(
      concatMap(async (data) => ({ data: { event: data, found: await this.search(ssn) } })),
    )
  }
}

@Module({
  imports: [TypeOrmModule.forFeature([Patient])],
  controllers: [TenantPatientsController],
})
export class TenantPatientsModule {}
