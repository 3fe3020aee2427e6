import { createRequire } from "node:module"
import { dirname, join } from "node:path"

import { NestFactory } from "@nestjs/core"
import type { NestExpressApplication } from "@nestjs/platform-express"
import { DocumentBuilder, SwaggerModule } from "@nestjs/swagger"
import express, { type NextFunction, type Request, type Response } from "express"
import pg from "pg"

import { AppModule, type Surroundings } from "./app.module.js"
import { packageFolder } from "./config/paths.js"
import { ErrorFilter, sendError, toApiError } from "./http/error-filter.js"
import { httpLogger, nestLogger } from "./http/logger.js"
import { CSRF, type Csrf, headers, sessions } from "./http/security.js"
import { validationPipe } from "./http/validation.js"

/** Bodies are small: the largest credential has 4 kB. */
const LARGEST_BODY = "100kb"

/** Makes the application, ready to listen. */
export async function createApp(surroundings: Surroundings): Promise<NestExpressApplication> {
  const { config, logger } = surroundings
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(surroundings), {
    logger: nestLogger(logger),
    bodyParser: false,
    // The process that starts it decides how it ends
    abortOnError: false,
  })
  const pool = new pg.Pool({ connectionString: config.DATABASE_URL, max: 5 })
  pool.on("error", (error) => logger.error({ err: error }, "a connection of the sessions failed"))
  const { parse, protect } = app.get<Csrf>(CSRF)
  if (config.TRUST_PROXY) app.set("trust proxy", config.TRUST_PROXY)
  app.disable("x-powered-by")
  app.use(httpLogger(logger))
  app.use(headers(config))
  servePage(app)
  app.use("/api", express.json({ limit: LARGEST_BODY }), sessions(config, pool), parse, protect)
  // What the middleware above threw
  app.use((error: unknown, request: Request, response: Response, _: NextFunction) => {
    sendError(request, response, toApiError(error))
  })
  app.useGlobalPipes(validationPipe())
  app.useGlobalFilters(new ErrorFilter())
  serveDocumentation(app)
  const close = app.close.bind(app)
  app.close = async (...given) => {
    await close(...given)
    await pool.end()
  }
  return app
}

/** The page, as it is in `public`, and the style sheet that it is built on. */
function servePage(app: NestExpressApplication): void {
  const pico = dirname(createRequire(import.meta.url).resolve("@picocss/pico/css/pico.min.css"))
  app.use("/", express.static(join(packageFolder, "public"), { maxAge: 0 }))
  app.use("/pico", express.static(pico, { index: false, maxAge: "1h" }))
}

function serveDocumentation(app: NestExpressApplication): void {
  const description = new DocumentBuilder()
    .setTitle("Credential vault")
    .setDescription("Credentials, encrypted in PostgreSQL by typeorm-fernet.")
    .setVersion("1")
    .addBearerAuth({ type: "http", scheme: "bearer", description: "An API key" })
    .addCookieAuth("vault")
    .build()
  SwaggerModule.setup("api/docs", app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: "api/openapi.json",
  })
}
