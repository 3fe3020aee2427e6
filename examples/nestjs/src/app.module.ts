// #region module
import { Module } from "@nestjs/common"
import { ConfigModule, ConfigService } from "@nestjs/config"
import { TypeOrmModule } from "@nestjs/typeorm"
import { encryptedDataSource } from "typeorm-fernet/nestjs"

import { PatientsModule } from "./patients.module.js"

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    TypeOrmModule.forRootAsync(
      encryptedDataSource({
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({
          type: "sqljs",
          autoLoadEntities: true,
          synchronize: true,
          encryption: { keyring: () => config.getOrThrow<string>("ENCRYPTION_KEY") },
        }),
      }),
    ),
    PatientsModule,
  ],
})
export class AppModule {}
// #endregion
