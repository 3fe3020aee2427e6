import { api } from "../api.js"
import { ask, busy, field, make, show, table, tell } from "../dom.js"

const PAGE = 20

/** Cameras, and whether they can be signed in to. */
export async function cameras(body) {
  const list = make("section", {})
  body.replaceChildren(list, createForm(list))
  await refresh(list, 0)
}

async function refresh(list, offset) {
  const found = await api("GET", `/api/v1/cameras?limit=${PAGE + 1}&offset=${offset}`)
  const rows = found.slice(0, PAGE).map((camera) => {
    const outcome = make("span", { role: "status" })
    return [
      camera.name,
      camera.url,
      `${camera.username} / ${camera.password}`,
      make(
        "div",
        { class: "row" },
        connectButton(camera, outcome),
        deleteButton(camera, list),
        outcome,
      ),
    ]
  })
  const heads = ["Name", "Address", "Login", "Actions"]
  const turn = (text, to, isShown) =>
    isShown
      ? [
          make(
            "button",
            { type: "button", class: "outline narrow", onclick: () => refresh(list, to) },
            text,
          ),
        ]
      : []
  list.replaceChildren(
    table("Cameras", heads, rows, "There is no camera yet. Add one below."),
    make(
      "div",
      { class: "row" },
      ...turn("Previous", offset - PAGE, offset > 0),
      ...turn("Next", offset + PAGE, found.length > PAGE),
    ),
  )
}

function connectButton(camera, outcome) {
  const button = make(
    "button",
    { type: "button", class: "outline", "aria-label": `Connect to ${camera.name}` },
    "Connect",
  )
  button.addEventListener("click", () =>
    busy(button, async () => {
      try {
        const { connected, message } = await api("POST", `/api/v1/cameras/${camera.id}/connect`)
        show(outcome, connected, message)
      } catch (error) {
        show(outcome, false, error.message)
      }
    }),
  )
  return button
}

function deleteButton(camera, list) {
  const button = make(
    "button",
    { type: "button", class: "outline secondary", "aria-label": `Delete ${camera.name}` },
    "Delete",
  )
  button.addEventListener("click", async () => {
    if (!(await ask(`Delete the camera “${camera.name}”?`, undefined, "Delete"))) return
    await api("DELETE", `/api/v1/cameras/${camera.id}`).catch((error) => tell(error.message))
    await refresh(list, 0)
  })
  return button
}

function createForm(list) {
  const name = make("input", { required: true, maxlength: "100" })
  const url = make("input", {
    type: "url",
    required: true,
    placeholder: "http://camera.example/snapshot.jpg",
  })
  const username = make("input", { autocomplete: "off" })
  const password = make("input", { type: "password", autocomplete: "new-password", required: true })
  const problem = make("p", { role: "alert", class: "outcome" })
  const button = make("button", { class: "narrow" }, "Add camera")
  const form = make(
    "form",
    {},
    make("h2", {}, "Add a camera"),
    field("Name", name),
    field("Address", url),
    field("User", username),
    field("Password", password, "It is stored encrypted, and never shown again."),
    problem,
    button,
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    busy(button, async () => {
      try {
        await api("POST", "/api/v1/cameras", {
          name: name.value,
          url: url.value,
          username: username.value,
          password: password.value,
        })
        form.reset()
        problem.className = "outcome"
        problem.replaceChildren()
        tell("The camera was added.")
        await refresh(list, 0)
      } catch (error) {
        show(problem, false, error.message)
      }
    })
  })
  return form
}
