/**
 * Loaded before everything else, also in the workers of Jest and the programs that tests start: loads
 * the build of better-sqlite3 that fits this Node.js, not the one in node_modules.
 */
const { dlopen } = process

process.dlopen = (module, file, ...rest) =>
  dlopen.call(
    process,
    module,
    file.endsWith("better_sqlite3.node") ? process.env.BETTER_SQLITE3_ADDON : file,
    ...rest,
  )
