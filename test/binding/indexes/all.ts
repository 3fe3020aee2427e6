/** What mutation testing runs of this folder, in one module: one test environment for each change. */
import "./index-keys.test"
import "./inheritance.test"
import "./search-for.test"
import "./update-events.test"
import "./upserts.test"
import "./written-companions.test"
