/**
 * What mutation testing runs of this folder, in one module: one test environment for each change.
 * What needs luck is left out; it notices nothing that these do not.
 */
import "./blind-index-definition.test"
import "./blind-index-misuse.test"
import "./blind-index.test"
import "./blind-indexer.test"
import "./blind-operator.test"
import "./index-message.test"
import "./normalize.test"
import "./predicate.test"
import "./slow-index.test"
