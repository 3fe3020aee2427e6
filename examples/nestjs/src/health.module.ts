import { Controller, Get, Module, ServiceUnavailableException } from "@nestjs/common"
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  TerminusModule,
} from "@nestjs/terminus"
import { InjectDataSource } from "@nestjs/typeorm"
import { DataSource } from "typeorm"
import { encryptionHealth } from "typeorm-fernet/nestjs"

// #region terminus
@Controller("health")
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => encryptionHealth(this.dataSource)])
  }
}
// #endregion

// #region health
@Controller("ready")
export class ReadyController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Get()
  async check(): Promise<object> {
    const health = await encryptionHealth(this.dataSource)
    if (health.encryption.status === "down") throw new ServiceUnavailableException(health)
    return health
  }
}
// #endregion

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, ReadyController],
})
export class HealthModule {}
