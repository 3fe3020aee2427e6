import jsdoc from "eslint-plugin-jsdoc"
import tseslint from "typescript-eslint"

/** What each folder of src may import from its siblings: imports run one way. */
const mayImport = {
  fernet: [],
  column: ["fernet"],
  search: ["fernet", "column"],
  binding: ["fernet", "column", "search", "dialect"],
  dialect: [],
  bulk: ["fernet", "column", "search", "binding", "dialect"],
  cli: ["fernet", "column", "search", "binding", "dialect", "bulk"],
}
const folders = Object.keys(mayImport)

const oneWayImports = folders.map((folder) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: `^(?:\\.\\./)+(?:${folders.filter((other) => other !== folder && !mayImport[folder].includes(other)).join("|") || "-"})/`,
            message: `src/${folder} imports only from: errors, ${mayImport[folder].join(", ") || "nothing else of ours"}.`,
          },
          { regex: "^(?:\\.\\./)+index$", message: "Import from the file that declares it." },
        ],
      },
    ],
  },
}))

export default tseslint.config(
  { ignores: ["dist", ".bench", "coverage", "reports", "docs", ".stryker-tmp"] },
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
  ...oneWayImports,
)
