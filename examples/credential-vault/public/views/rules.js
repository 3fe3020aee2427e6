import { api } from "../api.js"
import { ask, busy, field, make, show, table, tell, when } from "../dom.js"

/** Rules that send webhooks, and the webhooks that nobody took. */
export async function rules(body) {
  const list = make("section", {})
  const dead = make("section", {})
  body.replaceChildren(
    list,
    make("h2", {}, "Dead letters"),
    dead,
    createForm(() => refresh(list)),
  )
  await Promise.all([refresh(list), refreshDead(dead)])
}

async function refresh(list) {
  const found = await api("GET", "/api/v1/alert-rules")
  const rows = found.map((rule) => [
    rule.name,
    rule.event,
    make(
      "ul",
      {},
      ...rule.actions.map(({ url, headers }) =>
        make(
          "li",
          {},
          [url, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join(" · "),
        ),
      ),
    ),
    make("div", { class: "row" }, fireButton(rule), deleteButton(rule, list)),
  ])
  list.replaceChildren(
    table(
      "Alert rules",
      ["Name", "Event", "Webhooks", "Actions"],
      rows,
      "There is no rule yet. Add one below.",
    ),
  )
}

async function refreshDead(section) {
  const dead = await api("GET", "/api/v1/alert-rules/dead-letters")
  const rows = dead.map((letter) => {
    const button = make("button", { type: "button", class: "outline" }, "Send again")
    button.addEventListener("click", () =>
      busy(button, async () => {
        await api("POST", `/api/v1/alert-rules/dead-letters/${letter.id}/retry`).catch((error) =>
          tell(error.message),
        )
        await refreshDead(section)
      }),
    )
    return [
      letter.message,
      String(letter.attempts),
      letter.last_error ?? "",
      when(letter.updated_at),
      button,
    ]
  })
  section.replaceChildren(
    table(
      "Dead letters",
      ["Message", "Attempts", "Problem", "Given up", "Actions"],
      rows,
      "Every webhook was taken.",
    ),
  )
}

function fireButton(rule) {
  const button = make(
    "button",
    { type: "button", class: "outline", "aria-label": `Fire ${rule.name}` },
    "Fire",
  )
  button.addEventListener("click", async () => {
    const message = await ask(`Fire the rule “${rule.name}”?`, "Message", "Fire")
    if (message === undefined) return
    try {
      const { deliveries } = await api("POST", `/api/v1/alert-rules/${rule.id}/fire`, { message })
      tell(`${deliveries.length} webhooks are on their way.`)
    } catch (error) {
      tell(error.message)
    }
  })
  return button
}

function deleteButton(rule, list) {
  const button = make(
    "button",
    { type: "button", class: "outline secondary", "aria-label": `Delete ${rule.name}` },
    "Delete",
  )
  button.addEventListener("click", async () => {
    if (!(await ask(`Delete the rule “${rule.name}”?`, undefined, "Delete"))) return
    await api("DELETE", `/api/v1/alert-rules/${rule.id}`).catch((error) => tell(error.message))
    await refresh(list)
  })
  return button
}

function createForm(added) {
  const name = make("input", { required: true, maxlength: "100" })
  const event = make("input", { required: true, maxlength: "100", value: "camera.offline" })
  const url = make("input", {
    type: "url",
    required: true,
    placeholder: "https://hooks.example.com/",
  })
  const header = make("input", { value: "Authorization" })
  const value = make("input", { type: "password", autocomplete: "off" })
  const problem = make("p", { role: "alert", class: "outcome" })
  const button = make("button", { class: "narrow" }, "Add rule")
  const form = make(
    "form",
    {},
    make("h2", {}, "Add a rule"),
    field("Name", name),
    field("Event", event),
    field("Webhook", url),
    field("Header", header),
    field(
      "Value of the header",
      value,
      "It is stored encrypted, sent when the rule fires, and never shown again.",
    ),
    problem,
    button,
  )
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault()
    busy(button, async () => {
      try {
        const headers = header.value && value.value ? { [header.value]: value.value } : {}
        const actions = [{ type: "webhook", url: url.value, headers }]
        await api("POST", "/api/v1/alert-rules", { name: name.value, event: event.value, actions })
        form.reset()
        problem.className = "outcome"
        problem.replaceChildren()
        tell("The rule was added.")
        await added()
      } catch (error) {
        show(problem, false, error.message)
      }
    })
  })
  return form
}
