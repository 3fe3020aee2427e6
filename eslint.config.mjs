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
}

/** The same of the rooms of src/binding. */
const mayImportInBinding = {
  columns: ["queries/query-rules"],
  indexes: ["columns"],
  queries: ["columns", "indexes"],
  schema: ["columns", "indexes"],
  startup: ["columns", "indexes", "queries", "schema"],
}

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
const errorsAtTheBottom = {
  regex: "^\\.",
  message: "errors is at the bottom: it imports nothing of ours.",
}

const restrict = (files, ...patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns }] },
})
const room = (folder) => forbidden(folder, mayImport, "(?:\\.\\./)+")

const oneWayImports = [
  restrict(["src/errors.ts"], errorsAtTheBottom),
  ...Object.keys(mayImport).map((folder) =>
    restrict([`src/${folder}/**/*.ts`], room(folder), notIndex),
  ),
  ...Object.keys(mayImportInBinding).map((folder) =>
    restrict(
      [`src/binding/${folder}/**/*.ts`],
      room("binding"),
      forbidden(folder, mayImportInBinding, "\\.\\./"),
      notIndex,
    ),
  ),
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
      "examples/http-errors",
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
