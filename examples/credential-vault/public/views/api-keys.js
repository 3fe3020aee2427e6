import { api } from "../api.js"
import { ask, busy, field, make, table, tell, when } from "../dom.js"

/** The keys by which programs use the vault. */
export async function apiKeys(body) {
  const list = make("section", {})
  body.replaceChildren(list, createForm(list))
  await refresh(list)
}

async function refresh(list) {
  const keys = await api("GET", "/api/encryption/keys")
  const rows = keys.map((key) => [
    key.name,
    make("code", {}, `pk_${key.prefix}_…`),
    key.scopes.join(", "),
    when(key.expires_at),
    when(key.last_used_at),
    key.is_active ? revokeButton(key, list) : "no longer valid",
  ])
  const heads = ["Name", "Key", "Scopes", "Expires", "Last used", "Actions"]
  list.replaceChildren(table("API keys", heads, rows, "There is no API key yet. Create one below."))
}

function revokeButton(key, list) {
  const label = { type: "button", class: "outline secondary", "aria-label": `Revoke ${key.name}` }
  const button = make("button", label, "Revoke")
  button.addEventListener("click", async () => {
    const reason = await ask(`Revoke the key “${key.name}”?`, "Reason", "Revoke")
    if (reason === undefined) return
    await api("DELETE", `/api/encryption/keys/${key.id}`, { reason }).catch((error) =>
      tell(error.message),
    )
    await refresh(list)
  })
  return button
}

const scopes = {
  read: "Read lists, without credentials",
  write: "Create, change and delete",
  reveal: "Look up kept keys",
}

function createForm(list) {
  const name = make("input", { required: true, maxlength: "100" })
  const days = make("input", { type: "number", min: "1", max: "3650", value: "30", required: true })
  const boxes = Object.keys(scopes).map((value) =>
    make("input", { type: "checkbox", value, checked: value === "read" }),
  )
  const choices = boxes.map((box) => make("label", {}, box, scopes[box.value]))
  const button = make("button", { class: "narrow" }, "Create key")
  const fieldset = make("fieldset", {}, make("legend", {}, "It may"), ...choices)
  const form = make(
    "form",
    {},
    make("h2", {}, "Create a key"),
    field("Name", name),
    field("Days until it expires", days),
    fieldset,
    button,
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    busy(button, async () => {
      try {
        const chosen = boxes.filter(({ checked }) => checked).map(({ value }) => value)
        const created = await api("POST", "/api/encryption/keys", {
          name: name.value,
          expires_in_days: Number(days.value),
          scopes: chosen.join(","),
        })
        form.reset()
        await showOnce(created)
        await refresh(list)
        name.focus()
      } catch (error) {
        tell(error.message)
      }
    })
  })
  return form
}

/** Shows a new key, which nobody sees again. */
function showOnce({ name, key }) {
  return new Promise((resolve) => {
    const copy = make("button", { type: "button", class: "narrow" }, "Copy")
    const said = make("p", { role: "status", class: "outcome" })
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(key)
        said.textContent = "Copied."
      } catch {
        said.textContent = "The browser does not allow it. Select the key and copy it yourself."
      }
    })
    const done = make(
      "button",
      { type: "button", class: "secondary narrow", onclick: () => dialog.close() },
      "I have kept it",
    )
    const dialog = make(
      "dialog",
      { "aria-labelledby": "created" },
      make(
        "article",
        {},
        make("h2", { id: "created" }, `The key “${name}”`),
        make("p", {}, "Keep it now. It is shown this once."),
        make("p", {}, make("code", { class: "secret" }, key)),
        said,
        make("div", { class: "row" }, copy, done),
      ),
    )
    dialog.addEventListener("close", () => {
      dialog.remove()
      resolve()
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}
