import type { Point } from "./line"

/** A chart that there are points for. */
export interface Chart {
  /** The name of its file. */
  readonly name: string
  readonly title: string
}

interface ChartForm extends Chart {
  readonly mark: "bar" | "line"
  readonly x: string
  readonly y: string
}

/** What is used of vega. */
interface Vega {
  readonly View: new (
    dataflow: unknown,
    options: { readonly logLevel: number },
  ) => { toSVG(): Promise<string> }
  readonly parse: (spec: unknown) => unknown
  readonly Warn: number
}

/** What is used of vega-lite. */
interface VegaLite {
  readonly compile: (spec: object) => { readonly spec: unknown }
}

const forms: readonly ChartForm[] = [
  {
    name: "fernet-encrypt",
    title: "Encrypt: operations per second of processor time, by size of plaintext",
    mark: "line",
    x: "bytes of plaintext",
    y: "operations per second",
  },
  {
    name: "fernet-decrypt",
    title: "Decrypt: operations per second of processor time, by size of plaintext",
    mark: "line",
    x: "bytes of plaintext",
    y: "operations per second",
  },
  {
    name: "find",
    title: "find(): processor time against plain columns",
    mark: "bar",
    x: "times the cost of plain columns",
    y: "",
  },
  {
    name: "bulk",
    title: "Whole tables on PostgreSQL: rows per second, by size of table",
    mark: "line",
    x: "rows",
    y: "rows per second",
  },
]

/** Returns the charts that there are points for. */
export function chartsOf(points: readonly Point[]): readonly Chart[] {
  return forms.filter(({ name }) => points.some(({ chart }) => chart === name))
}

/** Draws every chart that there are points for. */
export async function renderCharts(
  points: readonly Point[],
): Promise<readonly { readonly name: string; readonly svg: string }[]> {
  const { View, parse, Warn } = await load<Vega>("vega")
  const { compile } = await load<VegaLite>("vega-lite")
  const drawn = forms.filter((form) => chartsOf(points).some(({ name }) => name === form.name))
  return Promise.all(
    drawn.map(async (form) => {
      const own = points.filter(({ chart }) => chart === form.name)
      const view = new View(parse(compile(specOf(form, own)).spec), { logLevel: Warn })
      return { name: form.name, svg: `${await view.toSVG()}\n` }
    }),
  )
}

/** The types of these packages come with them, and they are installed for a benchmark only. */
async function load<Module>(name: string): Promise<Module> {
  return (await import(name)) as Module
}

function specOf(form: ChartForm, points: readonly Point[]): object {
  const common = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white",
    title: form.title,
    width: 560,
    data: { values: [...points] },
  }
  const log = { type: "log" } as const
  if (form.mark === "line") {
    return {
      ...common,
      height: 280,
      mark: { type: "line", point: true },
      encoding: {
        x: {
          field: "at",
          type: "quantitative",
          scale: log,
          title: form.x,
          axis: { values: [...new Set(points.map(({ at }) => Number(at)))] },
        },
        y: { field: "value", type: "quantitative", scale: log, title: form.y },
        color: {
          field: "series",
          type: "nominal",
          title: null,
          sort: null,
          legend: { labelLimit: 400 },
        },
      },
    }
  }
  return {
    ...common,
    height: { step: 22 },
    encoding: {
      y: { field: "at", type: "nominal", sort: null, title: null, axis: { labelLimit: 400 } },
      x: { field: "value", type: "quantitative", title: form.x },
    },
    layer: [
      { mark: "bar" },
      {
        mark: { type: "text", align: "left", dx: 3 },
        encoding: { text: { field: "value", format: ".2~f" } },
      },
    ],
  }
}
