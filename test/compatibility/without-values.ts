// #region withoutValues
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"

/** The instrumentation writes what save(), find() and the like were called with: values in plaintext. */
export const withoutValues: SpanProcessor = {
  onStart(span) {
    if (span.instrumentationScope.name !== "@opentelemetry/instrumentation-typeorm") return
    if (span.attributes["db.query.text"] !== undefined) span.setAttribute("db.query.text", "")
  },
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}
// #endregion
