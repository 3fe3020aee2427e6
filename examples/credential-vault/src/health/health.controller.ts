import { Controller, Get } from "@nestjs/common"
import { SkipThrottle } from "@nestjs/throttler"
import { HealthCheck, type HealthCheckResult, HealthCheckService } from "@nestjs/terminus"
import { InjectDataSource } from "@nestjs/typeorm"
import { DataSource } from "typeorm"
import { assertEncryption } from "typeorm-fernet"
import { encryptionHealth } from "typeorm-fernet/nestjs"

import { Public } from "../auth/principal.js"

/** For whoever starts, stops and routes to the vault. */
@Controller("health")
@Public()
@SkipThrottle()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** It runs. */
  @Get("live")
  live(): object {
    return { status: "ok" }
  }

  // #region ready
  /** It has its database and its keys, and these open what is stored. */
  @Get("ready")
  @HealthCheck({ swaggerDocumentation: false })
  ready(): Promise<HealthCheckResult> {
    const check = (dataSource: DataSource) => assertEncryption(dataSource, { rows: 10 })
    return this.health.check([() => encryptionHealth(this.dataSource, { check })])
  }
  // #endregion
}
