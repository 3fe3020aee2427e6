/** Tests of the tarball that `npm publish` would send: packed, installed and compiled against. */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/test/package"],
  transform: { "^.+\\.ts$": ["ts-jest", {}] },
  testTimeout: 120_000,
}
