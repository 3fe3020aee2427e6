import { api } from "../api.js"
import { busy, field, make } from "../dom.js"

/** Asks who it is, and calls back with the user. */
export function signIn(main, signedIn) {
  const email = make("input", { type: "email", autocomplete: "username", required: true })
  const password = make("input", {
    type: "password",
    autocomplete: "current-password",
    required: true,
  })
  const problem = make("p", { role: "alert", class: "outcome" })
  const button = make("button", {}, "Sign in")
  const form = make("form", {}, field("Email", email), field("Password", password), problem, button)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    problem.replaceChildren()
    problem.className = "outcome"
    busy(button, async () => {
      try {
        const body = { email: email.value, password: password.value }
        signedIn((await api("POST", "/api/session", body)).user)
      } catch (error) {
        problem.className = "outcome bad"
        problem.textContent = error.message
        password.value = ""
        password.focus()
      }
    })
  })
  main.replaceChildren(make("h1", {}, "Credential vault"), make("article", {}, form))
  email.focus()
}
