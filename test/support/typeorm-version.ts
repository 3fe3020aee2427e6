import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** The npm name under which the TypeORM of this test file is installed, and its version. */
export interface TypeormUnderTest {
  readonly directory: string
  readonly version: string
}

/**
 * Says which TypeORM `import … from "typeorm"` loads here; Jest maps the name for each project of
 * the integration tests.
 */
export function typeormUnderTest(): TypeormUnderTest {
  const directory = dirname(require.resolve("typeorm"))
  const manifest: unknown = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  return { directory, version: (manifest as { version: string }).version }
}
