import {
  type ArgumentsHost,
  Body,
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  type INestApplication,
  Post,
} from "@nestjs/common"
import { BaseExceptionFilter, HttpAdapterHost, NestFactory } from "@nestjs/core"
import { DataSource } from "typeorm"

import { Account } from "./accounts.ts"
import { httpErrorOf } from "./http-errors.ts"

// #region nest
@Catch()
export class EncryptionExceptionFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    const answer = httpErrorOf(error)
    super.catch(answer ? new HttpException(answer.body, answer.status) : error, host)
  }
}
// #endregion

@Controller("accounts")
class AccountsController {
  constructor(@Inject(DataSource) private readonly dataSource: DataSource) {}

  @Post()
  create(@Body() body: { readonly email: string }): Promise<Account> {
    return this.dataSource.getRepository(Account).save({ email: body.email })
  }

  @Get()
  list(): Promise<Account[]> {
    return this.dataSource.getRepository(Account).find()
  }
}

export async function nestApp(dataSource: DataSource): Promise<INestApplication> {
  const providers = [{ provide: DataSource, useValue: dataSource }]
  const root = { module: class Root {}, controllers: [AccountsController], providers }
  const app = await NestFactory.create(root, { logger: false })
  app.useGlobalFilters(new EncryptionExceptionFilter(app.get(HttpAdapterHost).httpAdapter))
  return app
}
