/**
 * What mutation testing runs of this folder, in one module: one test environment for each change; and
 * of the rings that cells are under, which only resolvers tell apart.
 */
import "../keys/key-resolver.test"
import "./bound-column.test"
import "./compared-value.test"
import "./comparison-operand.test"
import "./custom-codec.test"
import "./derived-columns.test"
import "./document-column.test"
import "./legacy-secrecy.test"
import "./raw.test"
import "./read-ahead.test"
import "./returned-rows.test"
import "./revealed-cells.test"
import "./sealed-column.test"
import "./sought-plaintext.test"
import "./unencrypted-cells.test"
import "./unread.test"
import "./write-ahead.test"
