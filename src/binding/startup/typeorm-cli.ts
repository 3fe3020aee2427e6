import { realpathSync } from "node:fs"

/** The scripts of TypeORM's command line. */
const SCRIPT = /[\\/]typeorm[^\\/]*[\\/]cli(?:-ts-node-(?:commonjs|esm))?\.js$/

/**
 * Whether a process is TypeORM's command line.
 *
 * @param script - what the process was started with; a link, as in `node_modules/.bin`, is followed
 */
export function isTypeormCli(script: string | undefined = process.argv[1]): boolean {
  if (script === undefined) return false
  try {
    return SCRIPT.test(realpathSync(script))
  } catch {
    return false
  }
}
