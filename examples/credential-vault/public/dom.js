/**
 * Makes an element. What it holds is text or elements, and never HTML: a name that somebody typed cannot
 * become a script.
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false && value !== undefined) element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

let labelled = 0

/** A field with its label, and a hint below it. */
export function field(label, control, hint) {
  const id = `field-${labelled++}`
  control.id = id
  const parts = [make("label", { for: id }, label), control]
  if (hint) {
    control.setAttribute("aria-describedby", `${id}-hint`)
    parts.push(make("small", { id: `${id}-hint` }, hint))
  }
  return make("div", {}, ...parts)
}

/** A table with a name, or what is said when there is nothing in it. */
export function table(caption, heads, rows, empty) {
  if (rows.length === 0) return make("p", { class: "empty" }, empty)
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)))
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))))
  const region = { class: "table", role: "region", "aria-label": caption, tabindex: "0" }
  const parts = [make("thead", {}, head), make("tbody", {}, ...body)]
  return make("div", region, make("table", {}, ...parts))
}

export const when = (text) => (text ? new Date(text).toLocaleString() : "never")

/** Says something in passing, aloud as well. */
export function tell(text) {
  const told = document.getElementById("told")
  told.textContent = text
  clearTimeout(tell.timer)
  tell.timer = setTimeout(() => told.replaceChildren(), 6000)
}

/** What came of something: a tick or a cross, and the words. */
export function show(outcome, isGood, text) {
  outcome.className = `outcome ${isGood ? "good" : "bad"}`
  outcome.textContent = text
}

/** Has a button show that it is busy, until the work is done. */
export async function busy(button, work) {
  button.setAttribute("aria-busy", "true")
  button.disabled = true
  try {
    return await work()
  } finally {
    button.removeAttribute("aria-busy")
    button.disabled = false
  }
}

/** Asks before what cannot be undone. Resolves to what was typed, or to nothing. */
export function ask(question, label, action) {
  return new Promise((resolve) => {
    const answer = make("input", { required: true, maxlength: "500" })
    const form = make(
      "form",
      { method: "dialog" },
      make("h3", { id: "ask-title" }, question),
      ...(label ? [field(label, answer)] : []),
      make(
        "div",
        { class: "row" },
        make(
          "button",
          { type: "button", class: "secondary narrow", onclick: () => dialog.close() },
          "Cancel",
        ),
        make("button", { class: "narrow", value: "yes" }, action),
      ),
    )
    const dialog = make("dialog", { "aria-labelledby": "ask-title" }, make("article", {}, form))
    dialog.addEventListener("close", () => {
      dialog.remove()
      resolve(dialog.returnValue === "yes" ? (label ? answer.value : "yes") : undefined)
    })
    document.body.append(dialog)
    dialog.showModal()
  })
}
