import { readdirSync } from "node:fs"
import { join } from "node:path"

import jsdoc from "eslint-plugin-jsdoc"
import tseslint from "typescript-eslint"

/** What each folder of src may import from its siblings, or of one of them: imports run one way. */
const mayImport = {
  fernet: [],
  column: ["fernet"],
  search: ["fernet", "column"],
  dialect: ["fernet/token-format"],
  binding: ["fernet", "column", "search", "dialect"],
  bulk: ["fernet", "column", "search", "binding", "dialect"],
  cli: ["fernet", "column", "search", "binding", "dialect", "bulk"],
  masking: ["fernet", "column", "binding"],
  nestjs: ["binding"],
}

/** The same of the rooms inside of these. */
const mayImportInside = {
  binding: {
    keys: [],
    events: ["keys"],
    columns: ["keys", "events", "queries/query-rules"],
    indexes: ["keys", "events", "columns"],
    queries: ["keys", "events", "columns", "indexes"],
    schema: ["keys", "columns", "indexes"],
    startup: ["keys", "columns", "indexes", "queries", "schema"],
  },
  dialect: {
    conversions: ["mysql/expressions", "postgres/expressions"],
    mysql: [
      "conversions/conversion",
      "conversions/mysql-fits",
      "conversions/mysql-restored",
      "conversions/mysql-plan",
    ],
    postgres: [
      "conversions/conversion",
      "conversions/postgres-plan",
      "conversions/postgres-restored",
    ],
    sqlite: ["conversions/conversion"],
  },
}

/** What is in src/bulk, from the bottom up: a file imports none that comes later. */
const bulkLayers = [
  [
    "part",
    "options",
    "bulk-target",
    "encrypted-tables",
    "bulk-index",
    "keys",
    "cell-state",
    "leaf-cells",
    "uses",
    "report",
    "joined-tenants",
  ],
  ["connection"],
  ["pass"],
  [
    "preflight",
    "definition",
    "restored-columns",
    "drift",
    "vacuum",
    "whole-table",
    "progress-meter",
    "under-lock",
  ],
  ["run", "check-encryption", "describe-check", "seen-with-keys"],
  ["bulk"],
]
const unplaced = readdirSync(join(import.meta.dirname, "src/bulk"))
  .map((name) => name.replace(/\.ts$/, ""))
  .filter((name) => !bulkLayers.flat().includes(name))
if (unplaced.length > 0) throw new Error(`Give ${unplaced.join(", ")} of src/bulk a layer.`)

/** The pattern of what a folder must not import, from siblings that are so many levels up. */
function forbidden(folder, allowed, up) {
  const others = Object.keys(allowed).filter(
    (other) => other !== folder && !allowed[folder].includes(other),
  )
  const patterns = others.map((other) => {
    const exceptions = allowed[folder].filter((one) => one.startsWith(`${other}/`))
    return `${other}/(?!(?:${exceptions.map((one) => one.slice(other.length + 1)).join("|") || "-"})$)`
  })
  const list = ["errors", ...allowed[folder]].join(", ")
  return {
    regex: `^${up}(?:${patterns.join("|") || "-"})`,
    message: `${folder} imports only from: ${list}, and what is outside of these folders.`,
  }
}

const notIndex = { regex: "^(?:\\.\\./)+index$", message: "Import from the file that declares it." }
const atTheBottom = {
  regex: "^\\.",
  message: "At the bottom: imports nothing of ours.",
}

const restrict = (files, ...patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns }] },
})
const room = (folder) => forbidden(folder, mayImport, "(?:\\.\\./)+")

/** The pattern of what a layer of src/bulk must not import: all that comes after it. */
const later = (layer) => ({
  regex: `^\\.\\.?/(?:${bulkLayers
    .slice(layer + 1)
    .flat()
    .join("|")})(?:/|$)`,
  message: `${bulkLayers[layer].join(", ")}: these import nothing of src/bulk that comes later.`,
})
const noDatabase = {
  regex: "^\\./(?:mysql|postgres|sqlite)/",
  message: "Only session and driver-facts choose between databases.",
}

const oneWayImports = [
  restrict(["src/errors.ts", "src/unknown-options.ts"], atTheBottom),
  ...Object.keys(mayImport).map((folder) =>
    restrict([`src/${folder}/**/*.ts`], room(folder), notIndex),
  ),
  ...Object.entries(mayImportInside).flatMap(([outer, inner]) =>
    Object.keys(inner).map((folder) =>
      restrict(
        [`src/${outer}/${folder}/**/*.ts`],
        room(outer),
        forbidden(folder, inner, "\\.\\./"),
        notIndex,
      ),
    ),
  ),
  ...bulkLayers.slice(0, -1).map((names, layer) =>
    restrict(
      names.flatMap((name) => [`src/bulk/${name}.ts`, `src/bulk/${name}/**/*.ts`]),
      room("bulk"),
      later(layer),
      notIndex,
    ),
  ),
  {
    ...restrict(["src/dialect/*.ts"], room("dialect"), noDatabase, notIndex),
    ignores: ["src/dialect/session.ts", "src/dialect/driver-facts.ts"],
  },
]

export default tseslint.config(
  {
    ignores: [
      "dist",
      "bench/.build",
      "coverage",
      "reports",
      ".stryker-tmp",
      "test/compatibility",
      "examples/credential-vault",
      "examples/audit-log",
      "examples/http-errors",
      "examples/nestjs",
      "examples/secret-managers",
    ],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-extraneous-class": ["error", { allowWithDecorator: true }],
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { jsdoc },
    rules: {
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
      "jsdoc/require-jsdoc": [
        "error",
        {
          publicOnly: true,
          require: { ClassDeclaration: true, FunctionDeclaration: true, MethodDefinition: true },
          contexts: ["TSInterfaceDeclaration", "TSTypeAliasDeclaration"],
          checkConstructors: false,
        },
      ],
    },
  },
  {
    // TypeORM's EntitySchemaOptions is a class, and everyone gives it a literal
    files: ["test/**/*.ts", "examples/**/*.ts"],
    rules: { "@typescript-eslint/no-unsafe-class-instance-assignment": "off" },
  },
  { files: ["src/cli/**/*.ts"], rules: { "no-console": "off" } },
  {
    // A package of its own, which lints itself once it is installed
    files: ["test/compatibility/**/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", name: ["describe", "test"], package: "node:test" },
          ],
        },
      ],
    },
  },
  ...oneWayImports,
)
