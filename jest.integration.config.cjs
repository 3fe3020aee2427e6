/**
 * Integration tests: every test file runs against the databases of test/support/databases.ts,
 * once for each TypeORM version the package supports. The servers are started once for the run.
 */
const ownTests = "<rootDir>/test/integration/support/"

const shared = {
  testEnvironment: "node",
  roots: ["<rootDir>/test/integration"],
  transform: { "^.+\\.ts$": ["ts-jest", {}] },
}

const project = (displayName, typeorm) => ({
  ...shared,
  displayName,
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: [ownTests],
  moduleNameMapper: {
    "^typeorm$": typeorm,
    "^typeorm/(.*)$": `${typeorm}/$1`,
  },
  globals: { typeormAlias: typeorm },
})

module.exports = {
  ...require("./jest.settings.cjs"),
  globalSetup: "<rootDir>/test/support/global-setup.ts",
  globalTeardown: "<rootDir>/test/support/global-teardown.ts",
  projects: [
    project("typeorm 1.x", "typeorm"),
    project("typeorm 0.3 newest", "typeorm-0.3"),
    project("typeorm 0.3.17", "typeorm-0.3.17"),
    { ...shared, displayName: "torture", roots: ["<rootDir>/test/torture"] },
    { ...shared, displayName: "test support", testMatch: [`${ownTests}**/*.test.ts`] },
    { ...shared, displayName: "examples", roots: ["<rootDir>/test/examples"] },
    { ...shared, displayName: "smoke", roots: ["<rootDir>/test/smoke"] },
  ],
}
