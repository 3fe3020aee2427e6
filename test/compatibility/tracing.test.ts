import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base"

import { instrumentation } from "./instrumented"
import { type Clinic, MARKER, openClinic, Patient } from "./clinic"
import { withoutValues } from "./without-values"

const spans = new InMemorySpanExporter()
const exporting = new SimpleSpanProcessor(spans)
const tracing = (...processors: SpanProcessor[]) =>
  new BasicTracerProvider({ spanProcessors: [...processors, exporting] })

describe("OpenTelemetry's instrumentation of TypeORM", () => {
  let clinic: Clinic

  before(async () => {
    clinic = await openClinic()
  })

  beforeEach(() => {
    spans.reset()
  })

  after(() => clinic.dataSource.destroy())

  const shown = () =>
    JSON.stringify(
      spans.getFinishedSpans().map(({ name, attributes, events, status }) => ({
        name,
        attributes,
        events,
        status,
      })),
    )

  const work = async () => {
    const patients = clinic.dataSource.getRepository(Patient)
    await patients.save({ email: "legible@example.org", diagnosis: "legible" })
    await patients.update({ email: "legible@example.org" }, { diagnosis: "legible again" })
    const found = await patients.find({ where: { email: "legible@example.org" } })
    const built = patients.createQueryBuilder("p").where({ email: "legible@example.org" })
    const refused = patients.find({ where: { diagnosis: "legible" } })
    await assert.rejects(refused, { code: "ERR_UNSUPPORTED_QUERY" })
    return [found, await built.getMany()].map(([patient]) => patient?.diagnosis)
  }

  test("leaves the encryption as it is", async () => {
    instrumentation.setTracerProvider(tracing())

    assert.deepEqual(await work(), ["legible again", "legible again"])
    assert.ok(spans.getFinishedSpans().length >= 4)
  })

  test("writes the arguments of save() to spans, which is why SECURITY.md names it", async () => {
    instrumentation.setTracerProvider(tracing())

    await work()

    assert.match(shown(), MARKER)
  })

  test("writes no value with the processor of SECURITY.md, and keeps the spans", async () => {
    instrumentation.setTracerProvider(tracing(withoutValues))

    await work()

    assert.doesNotMatch(shown(), MARKER)
    const names = spans.getFinishedSpans().map(({ name }) => name.split(" ")[0])
    assert.deepEqual(new Set(names), new Set(["save", "update", "find", "select"]))
  })

  test("writes index values and no plaintext of the parameters of query builders", async () => {
    instrumentation.setConfig({ enhancedDatabaseReporting: true })
    instrumentation.setTracerProvider(tracing(withoutValues))

    await work()

    assert.match(shown(), /db\.typeorm\.parameters/)
    assert.doesNotMatch(shown(), MARKER)
  })
})
