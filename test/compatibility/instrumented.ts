import { TypeormInstrumentation } from "@opentelemetry/instrumentation-typeorm"

/** Made before TypeORM is loaded, as OpenTelemetry demands: imported first, by who imports that. */
export const instrumentation = new TypeormInstrumentation()
