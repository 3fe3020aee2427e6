/**
 * The tests that mutation testing of the engine runs, in one module; those first that notice most. None
 * of them is content with what node:crypto does in its place: they run the engine itself, or fail where
 * it is not in use. Processes of their own take long, and notice nothing that these do not.
 */
import fc from "fast-check"

import "./layout.test"
import "./batch-engine.test"
import "./self-test.test"
import "./assembler.test"
import "./base64url-lanes.test"
import "./batch-machine.test"
import "./chunks.test"
import "./hash-lanes.test"
import "./engine-in-use.test"

// That there is a counterexample is enough; a smaller one would take time
fc.configureGlobal({ endOnFailure: true })
