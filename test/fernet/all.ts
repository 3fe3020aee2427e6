/**
 * The tests that mutation testing runs, in one module: one test environment for each change instead
 * of a dozen. What needs Python, memory or luck is left out; it notices nothing that these do not.
 */
import "./base64url.test"
import "./block-stream.test"
import "./fernet.test"
import "./key-source.test"
import "./key.test"
import "./keyring-order.test"
import "./keyring.test"
import "./padding.test"
import "./plaintext.test"
import "./random-pool.test"
import "./specification.test"
import "./token-age.test"
import "./token-batch.test"
import "./token-format.test"
import "./token-key.test"
import "./token-mac.test"
import "./token-reading.test"
import "./token-scratch.test"
