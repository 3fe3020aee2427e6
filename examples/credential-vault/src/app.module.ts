import { type DynamicModule, Module } from "@nestjs/common"
import { APP_GUARD, APP_INTERCEPTOR } from "@nestjs/core"
import { TerminusModule } from "@nestjs/terminus"
import { ThrottlerGuard, ThrottlerModule } from "@nestjs/throttler"
import { TypeOrmModule } from "@nestjs/typeorm"
import type { Logger } from "pino"
import { encryptedDataSource } from "typeorm-fernet/nestjs"

import { AlertRulesController } from "./alert-rules/alert-rules.controller.js"
import { Deliveries } from "./alert-rules/deliveries.js"
import { ApiKeys } from "./api-keys/api-keys.js"
import { ApiKeysController } from "./api-keys/api-keys.controller.js"
import { AuditController } from "./audit/audit.controller.js"
import { AuditTrail } from "./audit/audit-trail.js"
import { AuditInterceptor } from "./audit/audited.js"
import { FailedReads } from "./audit/failed-reads.js"
import { RevealRecords } from "./audit/reveal-records.js"
import { ActingInterceptor } from "./auth/acting.js"
import { AuthGuard } from "./auth/auth.guard.js"
import { Guesses } from "./auth/guesses.js"
import { SessionController } from "./auth/session.controller.js"
import { CamerasController } from "./cameras/cameras.controller.js"
import { CONFIG, type Config } from "./config/config.js"
import { KeyStore } from "./config/key-store.js"
import { dataSourceOptions, encryptionOptions } from "./database/data-source-options.js"
import { entities } from "./entities/index.js"
import { HealthController } from "./health/health.controller.js"
import { CSRF, csrf } from "./http/security.js"
import { Jobs, LOGGER } from "./jobs/jobs.js"
import { Outbound } from "./outbound/outbound.js"
import { AiController } from "./providers/ai.controller.js"
import { ProviderClient } from "./providers/provider-client.js"
import { ProviderKeysController } from "./providers/provider-keys.controller.js"
import { KeyVersions } from "./rotation/key-versions.js"
import { RotationController } from "./rotation/rotation.controller.js"
import { Rotations } from "./rotation/rotations.js"
import { SettingsController } from "./settings/settings.controller.js"
import { UsersController } from "./users/users.controller.js"

/** What the vault is given from outside. */
export interface Surroundings {
  readonly config: Config
  readonly keys: KeyStore
  readonly logger: Logger
}

@Module({})
class SurroundingsModule {
  static of({ config, keys, logger }: Surroundings): DynamicModule {
    return {
      module: SurroundingsModule,
      global: true,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: KeyStore, useValue: keys },
        { provide: LOGGER, useValue: logger },
        RevealRecords,
      ],
      exports: [CONFIG, KeyStore, LOGGER, RevealRecords],
    }
  }
}

/** The whole application. */
@Module({})
export class AppModule {
  static of(surroundings: Surroundings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SurroundingsModule.of(surroundings),
        // #region data-source
        TypeOrmModule.forRootAsync(
          encryptedDataSource({
            inject: [CONFIG, KeyStore, RevealRecords],
            useFactory: (config: Config, keys: KeyStore, { record }: RevealRecords) => ({
              ...dataSourceOptions(config.DATABASE_URL),
              encryption: encryptionOptions(keys, config.KEY_REFRESH_SECONDS, record),
            }),
          }),
        ),
        // #endregion
        TypeOrmModule.forFeature(entities),
        TerminusModule.forRoot({ logger: false }),
        ThrottlerModule.forRoot([{ ttl: 60_000, limit: surroundings.config.REQUESTS_PER_MINUTE }]),
      ],
      controllers: [
        ...[SessionController, UsersController, HealthController, AuditController],
        ...[AiController, ProviderKeysController, ApiKeysController, SettingsController],
        ...[CamerasController, AlertRulesController, RotationController],
      ],
      providers: [
        ...[
          ApiKeys,
          AuditTrail,
          Deliveries,
          FailedReads,
          Guesses,
          Jobs,
          KeyVersions,
          Outbound,
          ProviderClient,
          Rotations,
        ],
        { provide: CSRF, inject: [CONFIG], useFactory: csrf },
        // In this order: limits come before anything is computed
        { provide: APP_GUARD, useClass: ThrottlerGuard },
        { provide: APP_GUARD, useClass: AuthGuard },
        { provide: APP_INTERCEPTOR, useClass: ActingInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
      ],
    }
  }
}
