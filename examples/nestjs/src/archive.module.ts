import { Module } from "@nestjs/common"
import { ConfigService } from "@nestjs/config"
import { TypeOrmModule } from "@nestjs/typeorm"
import { encryptedDataSource } from "typeorm-fernet/nestjs"

import { Patient } from "./patient.js"

// #region archive
@Module({
  imports: [
    TypeOrmModule.forRootAsync(
      encryptedDataSource({
        name: "archive",
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({
          type: "sqljs",
          autoLoadEntities: true,
          synchronize: true,
          encryption: { keyring: () => config.getOrThrow<string>("ARCHIVE_KEY") },
        }),
      }),
    ),
    TypeOrmModule.forFeature([Patient], "archive"),
  ],
})
export class ArchiveModule {}
// #endregion
