import { api } from "../api.js"
import { ask, busy, field, make, show, table, tell, when } from "../dom.js"

const names = { openai: "OpenAI", anthropic: "Anthropic", google: "Google" }

/** A field beside each provider, its test, and the keys that are kept. */
export async function providers(body) {
  const settings = await api("GET", "/api/v1/settings")
  const cards = Object.keys(names).map((provider) =>
    card(
      provider,
      settings.find((setting) => setting.provider === provider),
    ),
  )
  const kept = make("section", {})
  body.replaceChildren(...cards, make("h2", {}, "Kept keys"), kept, keepForm(kept))
  await listKept(kept)
}

function card(provider, setting) {
  let saved = setting
  const state = make("p", {})
  const key = make("input", { type: "password", autocomplete: "off", spellcheck: "false" })
  const outcome = make("p", { class: "outcome", role: "status" })
  const anyway = make("input", { type: "checkbox" })
  const test = make("button", { type: "button", class: "secondary narrow" }, "Test API key")
  const save = make("button", { type: "submit", class: "narrow" }, "Save")
  let isGood = false
  const refresh = () => {
    state.textContent = saved ? `Saved: ${saved.api_key}` : "Nothing is saved."
    test.disabled = key.value === ""
    save.disabled = key.value === "" || !(isGood || anyway.checked)
  }
  key.addEventListener("input", () => {
    isGood = false
    key.removeAttribute("aria-invalid")
    outcome.className = "outcome"
    outcome.replaceChildren()
    refresh()
  })
  anyway.addEventListener("change", refresh)
  test.addEventListener("click", () =>
    busy(test, async () => {
      outcome.className = "outcome"
      outcome.textContent = "Asking the provider …"
      try {
        const asked = { provider, api_key: key.value }
        const { valid, message } = await api("POST", "/api/v1/ai/test-key", asked)
        isGood = valid
        key.setAttribute("aria-invalid", String(!valid))
        show(outcome, valid, message)
      } catch (error) {
        show(outcome, false, error.message)
      }
    }).then(refresh),
  )
  const form = make(
    "form",
    {},
    state,
    field(`API key of ${names[provider]}`, key),
    outcome,
    make(
      "div",
      { class: "row" },
      test,
      save,
      make("label", {}, anyway, "Save without a good test"),
    ),
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    busy(save, async () => {
      try {
        const api_key = key.value
        saved = saved
          ? await api("PATCH", `/api/v1/settings/${saved.id}`, { api_key })
          : await api("POST", "/api/v1/settings", { provider, api_key })
        key.value = ""
        key.removeAttribute("aria-invalid")
        isGood = false
        show(outcome, true, "Saved.")
      } catch (error) {
        show(outcome, false, error.message)
      }
    }).then(refresh)
  })
  refresh()
  const title = `provider-${provider}`
  return make(
    "article",
    { "aria-labelledby": title },
    make("h2", { id: title }, names[provider]),
    form,
  )
}

async function listKept(section) {
  const keys = await api("GET", "/api/keys/")
  const rows = keys.map((key) => [
    names[key.provider],
    key.key_name,
    when(key.created_at),
    when(key.last_used),
    make("div", { class: "row" }, revealButton(key), deleteButton(key, section)),
  ])
  const heads = ["Provider", "Name", "Saved", "Last looked up", "Actions"]
  section.replaceChildren(table("Kept keys", heads, rows, "No key is kept yet. Keep one below."))
}

function revealButton(key) {
  const button = make(
    "button",
    { type: "button", class: "outline", "aria-label": `Reveal ${key.key_name}` },
    "Reveal",
  )
  button.addEventListener("click", () =>
    busy(button, async () => {
      try {
        const { api_key } = await api("GET", `/api/keys/${key.id}`)
        button.replaceWith(make("code", { class: "secret" }, api_key))
      } catch (error) {
        tell(error.message)
      }
    }),
  )
  return button
}

function deleteButton(key, section) {
  const button = make(
    "button",
    { type: "button", class: "outline secondary", "aria-label": `Delete ${key.key_name}` },
    "Delete",
  )
  button.addEventListener("click", async () => {
    if (!(await ask(`Delete the key “${key.key_name}”?`, undefined, "Delete"))) return
    await api("DELETE", `/api/keys/${key.id}`).catch((error) => tell(error.message))
    await listKept(section)
  })
  return button
}

function keepForm(section) {
  const provider = make(
    "select",
    {},
    ...Object.entries(names).map(([value, text]) => make("option", { value }, text)),
  )
  const name = make("input", { required: true, maxlength: "100" })
  const key = make("input", { type: "password", autocomplete: "off", required: true })
  const button = make("button", { class: "narrow" }, "Keep key")
  const form = make(
    "form",
    {},
    make("h3", {}, "Keep a key"),
    field("Provider", provider),
    field("Name", name),
    field("Key", key),
    button,
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    busy(button, async () => {
      try {
        const body = { provider: provider.value, key_name: name.value, api_key: key.value }
        await api("POST", "/api/keys/", body)
        form.reset()
        tell("The key is kept.")
        await listKept(section)
      } catch (error) {
        tell(error.message)
      }
    })
  })
  return form
}
