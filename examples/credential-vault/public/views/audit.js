import { api } from "../api.js"
import { field, make, table, when } from "../dom.js"

const PAGE = 25

/** What was done, the newest first. */
export async function audit(body) {
  const action = make("input", { type: "search", placeholder: "provider_key.reveal" })
  const status = make(
    "select",
    {},
    ...["", "success", "failure"].map((value) => make("option", { value }, value || "any")),
  )
  const list = make("section", {})
  const load = (offset) =>
    refresh(list, { action: action.value.trim(), status: status.value, offset }, load)
  const form = make(
    "form",
    { role: "search" },
    make("div", { class: "grid" }, field("Action", action), field("Outcome", status)),
    make("button", { class: "narrow" }, "Filter"),
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    load(0)
  })
  body.replaceChildren(form, list)
  await load(0)
}

async function refresh(list, { action, status, offset }, load) {
  const query = new URLSearchParams({
    limit: PAGE,
    offset,
    ...(action && { action }),
    ...(status && { status }),
  })
  const { total, logs } = await api("GET", `/api/encryption/audit-logs?${query}`)
  const rows = logs.map((log) => [
    when(log.timestamp),
    log.action,
    log.status,
    log.user_id ?? "–",
    log.resource_id ?? "–",
    log.ip_address ?? "–",
  ])
  const turn = (text, to, isShown) =>
    isShown
      ? [make("button", { type: "button", class: "outline narrow", onclick: () => load(to) }, text)]
      : []
  list.replaceChildren(
    make(
      "p",
      { role: "status" },
      total === 0 ? "" : `${offset + 1} to ${offset + logs.length} of ${total}`,
    ),
    table(
      "Audit log",
      ["When", "Action", "Outcome", "User", "On", "From"],
      rows,
      "Nothing is on record that fits.",
    ),
    make(
      "div",
      { class: "row" },
      ...turn("Newer", offset - PAGE, offset > 0),
      ...turn("Older", offset + PAGE, offset + PAGE < total),
    ),
  )
}
