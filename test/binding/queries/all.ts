/**
 * What mutation testing runs of this folder, in one module: one test environment for each change. Every
 * condition at every position, of query-guard.test.ts, is left out for its time; the floor is without it.
 */
import "./compound.test"
import "./conditions.test"
import "./orders.test"
import "./query-rules.test"
import "./redefined.test"
import "./sql-comparisons.test"
import "./sql-tokens.test"
import "./statement-rules.test"
import "./string-hints.test"
import "./string-mentions.test"
import "./strings.test"
import "./truncated.test"
import "./unanswered-strings.test"
import "./uncached.test"
