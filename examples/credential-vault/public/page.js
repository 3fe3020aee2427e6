import { api, session } from "./api.js"
import { make, tell } from "./dom.js"
import { apiKeys } from "./views/api-keys.js"
import { audit } from "./views/audit.js"
import { cameras } from "./views/cameras.js"
import { providers } from "./views/providers.js"
import { rotation } from "./views/rotation.js"
import { rules } from "./views/rules.js"
import { signIn } from "./views/sign-in.js"

const views = {
  providers: { title: "Providers", show: providers },
  "api-keys": { title: "API keys", show: apiKeys },
  cameras: { title: "Cameras", show: cameras },
  rules: { title: "Alert rules", show: rules },
  audit: { title: "Audit log", show: audit },
  rotation: { title: "Rotation", show: rotation, role: "admin" },
}

const main = document.getElementById("main")
const header = document.getElementById("header")
let user = null
let leave = () => undefined

const seen = () => Object.entries(views).filter(([, { role }]) => !role || role === user.role)

/** Shows the view that the address names. */
async function go() {
  leave()
  leave = () => undefined
  if (!user) return
  const [name, view] = seen().find(([name]) => `#${name}` === location.hash) ?? seen()[0]
  const links = seen().map(([key, { title }]) => {
    const current = key === name ? { "aria-current": "page" } : {}
    return make("li", {}, make("a", { href: `#${key}`, ...current }, title))
  })
  document.getElementById("views").replaceChildren(make("ul", {}, ...links))
  document.title = `${view.title} – Credential vault`
  const heading = make("h1", { tabindex: "-1" }, view.title)
  const body = make("div", { "aria-busy": "true" })
  main.replaceChildren(heading, body)
  heading.focus()
  try {
    leave = (await view.show(body, user)) ?? leave
  } catch (error) {
    const again = make("button", { type: "button", class: "narrow", onclick: go }, "Try again")
    body.replaceChildren(make("p", { role: "alert", class: "bad" }, error.message), again)
  }
  body.removeAttribute("aria-busy")
}

function show(signedIn) {
  user = signedIn
  header.hidden = !user
  if (user) {
    document.getElementById("who").textContent = user.email
    go()
  } else {
    leave()
    document.title = "Sign in – Credential vault"
    signIn(main, show)
  }
}

session.ended = () => {
  if (!user) return
  tell("Your session is over. Sign in again.")
  show(null)
}

document.getElementById("sign-out").addEventListener("click", async () => {
  await api("DELETE", "/api/session").catch((error) => tell(error.message))
  show(null)
})
addEventListener("hashchange", go)

try {
  show((await api("GET", "/api/session")).user)
} catch (error) {
  main.replaceChildren(make("p", { role: "alert", class: "bad" }, error.message))
}
