import { api } from "../api.js"
import { busy, field, make, show, table, when } from "../dom.js"

const words = {
  pending: "It will begin in a moment.",
  running: "Tokens are written anew under the new key.",
  verifying: "Every token is opened once more.",
  completed: "Every token is under the new key.",
  failed: "Something is left to do by hand.",
}

/** Starts a rotation, and shows how far it is. */
export async function rotation(body) {
  const list = make("section", {})
  const notes = make("input", { maxlength: "1000" })
  const button = make("button", { class: "narrow" }, "Rotate keys")
  const outcome = make("p", { class: "outcome", role: "status" })
  const progress = make("progress", {
    max: "100",
    value: "0",
    "aria-label": "Progress of the rotation",
    hidden: true,
  })
  const form = make("form", {}, field("Notes", notes, "Why, for the record."), button)
  let events
  const follow = (id) => {
    events?.close()
    progress.hidden = false
    button.disabled = true
    events = new EventSource(`/api/encryption/rotation-status/${id}/events`)
    events.addEventListener("message", ({ data }) => {
      const status = JSON.parse(data)
      const { rotation_status, rotated_records, total_records, progress_percent } = status
      progress.value = progress_percent
      const isOver = rotation_status === "completed" || rotation_status === "failed"
      const text = `${words[rotation_status]} ${rotated_records} of ${total_records} records, ${progress_percent} %.`
      if (isOver) show(outcome, rotation_status === "completed", text)
      else outcome.textContent = text
      if (!isOver) return
      events.close()
      button.disabled = false
      refresh(list)
    })
    // The browser connects again by itself
    events.addEventListener("error", () => {
      outcome.className = "outcome"
      outcome.textContent =
        "The vault does not answer at the moment. The rotation goes on when it is back."
    })
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    let begun
    busy(button, async () => {
      try {
        begun = await api("POST", "/api/encryption/rotate", { notes: notes.value })
        outcome.className = "outcome"
        outcome.textContent = begun.message
        form.reset()
      } catch (error) {
        show(outcome, false, error.message)
      }
    }).then(() => begun && follow(begun.rotation_id))
  })
  body.replaceChildren(
    make("p", {}, "A new key is put in front, every token is written anew under it, and checked."),
    form,
    progress,
    outcome,
    make("h2", {}, "Rotations"),
    list,
  )
  const under = (await refresh(list)).find(
    ({ rotation_status }) => !["completed", "failed"].includes(rotation_status),
  )
  if (under) follow(under.id)
  return () => events?.close()
}

async function refresh(list) {
  const rotations = await api("GET", "/api/encryption/rotations")
  const rows = rotations.map((one) => [
    when(one.timestamp),
    `${one.old_key_version ?? "–"} → ${one.new_key_version ?? "–"}`,
    one.rotation_status,
    `${one.rotated_records} of ${one.total_records}`,
    one.problem ?? one.notes,
  ])
  list.replaceChildren(
    table(
      "Rotations",
      ["Begun", "Key", "State", "Records", "Notes"],
      rows,
      "The keys have never been rotated.",
    ),
  )
  return rotations
}
