/** Unit tests: no database server. The tests of integration and of the package have their own. */
module.exports = {
  ...require("./jest.settings.cjs"),
  globalSetup: "<rootDir>/test/support/unit-setup.ts",
  globalTeardown: "<rootDir>/test/support/unit-teardown.ts",
  testEnvironment: "node",
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: [
    "<rootDir>/test/(integration|torture|differential|compatibility|package|examples|smoke)/",
  ],
  transform: { "^.+\\.ts$": ["ts-jest", {}] },
}
