import {
  ClassSerializerInterceptor,
  Module,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type OnModuleInit,
  StreamableFile,
} from "@nestjs/common"
import { APP_INTERCEPTOR } from "@nestjs/core"
import { Transform } from "class-transformer"
import { map, type Observable } from "rxjs"
import { DataSource } from "typeorm"
import { encryptedProperties, mask, redact } from "typeorm-fernet"

// #region interceptor
/** Masks encrypted properties in every answer, whatever object they are in. */
export class MaskingInterceptor implements NestInterceptor {
  readonly #dataSource: DataSource

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
  }

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((answer: unknown) => this.#masked(answer)))
  }

  #masked(answer: unknown): unknown {
    if (answer instanceof StreamableFile) return answer
    return redact(this.#dataSource, answer, { censor: (value) => mask(value) })
  }
}

@Module({
  providers: [
    {
      provide: APP_INTERCEPTOR,
      inject: [DataSource],
      useFactory: (dataSource: DataSource) => new MaskingInterceptor(dataSource),
    },
  ],
})
export class MaskedAnswersModule {}
// #endregion

// #region class-transformer
/** Has class-transformer mask every encrypted property of the model, and with it Nest's serializer. */
export function maskTransformed(dataSource: DataSource): void {
  for (const { name, declaredBy } of encryptedProperties(dataSource)) {
    if (!declaredBy) continue
    // Of the object, since two entities that inherit a property have it masked twice
    const masked = Transform(({ obj, key }) => mask(obj[key]), { toPlainOnly: true })
    masked(declaredBy.prototype, name)
  }
}

@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor }] })
export class SerializedAnswersModule implements OnModuleInit {
  constructor(private readonly dataSource: DataSource) {}

  onModuleInit(): void {
    maskTransformed(this.dataSource)
  }
}
// #endregion
