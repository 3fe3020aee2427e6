import assert from "node:assert/strict"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, join } from "node:path"
import { before, describe, test } from "node:test"

import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"

import { packageFolder } from "../config/paths.js"
import { firstAdmin } from "../database/seed.js"
import { atEnd } from "./support/at-end.js"
import { StandIn } from "./support/stand-in.js"
import { adminPassword, startVault, type TestVault } from "./support/vault.js"

/** The Chromium of the system: none is downloaded. */
function findChromium(): string | undefined {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH
  const names = ["chromium", "chromium-browser", "google-chrome"]
  const folders = (process.env.PATH ?? "").split(delimiter)
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync)
}

const executablePath = findChromium()
const skip = executablePath ? false : "there is no Chromium at CHROMIUM_PATH or on the PATH"
if (skip) process.stderr.write(`SKIPPED: the page in a browser, since ${skip}.\n`)

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
/** Where the README has them; `VAULT_SCREENSHOTS=1` makes them anew. */
const pictures = join(packageFolder, "screenshots")

describe("the page", { skip }, () => {
  let vault: TestVault
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let provider: StandIn
  const problems: string[] = []

  before(async () => {
    provider = await StandIn.start()
    vault = await startVault({
      SEED_CAMERAS: "15",
      OPENAI_BASE_URL: provider.url,
      OUTBOUND_ALLOWED: "127.0.0.1/32",
      ROTATION_BATCH: "1",
      ROTATION_PAUSE_MS: "600",
    })
    browser = await chromium.launch({
      executablePath: executablePath ?? "",
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ],
    })
    atEnd(() => browser.close())
    context = await browser.newContext({ viewport: { width: 1100, height: 900 } })
    page = await context.newPage()
    page.setDefaultTimeout(120_000)
    page.on("pageerror", (error) => problems.push(error.message))
    page.on("console", (message) => {
      // A browser logs every answer that is no success
      const isAnswer = message.text().startsWith("Failed to load resource")
      if (message.type() === "error" && !isAnswer) problems.push(message.text())
    })
    page.on("dialog", (dialog) => problems.push(`a dialog: ${dialog.message()}`))
  })

  /** What a person with a screen reader, or without good eyes, would stumble over. */
  async function requireAccessible(name: string): Promise<void> {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
      // As a script of the page, since the page admits no other
      await page.evaluate(axe)
      const violations = await page.evaluate(async () => {
        const { violations } = await (window as any).axe.run(document)
        return violations
          .filter(({ impact }: { impact: string }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html).join(" ")}`)
      })
      assert.deepEqual(violations, [], `${name}, ${colorScheme}`)
    }
    await page.emulateMedia({ colorScheme: "light" })
  }

  async function picture(name: string): Promise<void> {
    if (!process.env.VAULT_SCREENSHOTS) return
    mkdirSync(pictures, { recursive: true })
    await page.screenshot({ path: join(pictures, `${name}.png`) })
  }

  const open = async (title: string) => {
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: title }).click()
    await page.getByRole("heading", { level: 1, name: title }).waitFor()
    await page.locator("main > [aria-busy]").waitFor({ state: "detached" })
  }

  test("says what is wrong with a sign-in, and lets a person in by the keyboard alone", async () => {
    await page.goto(vault.url)
    await page.getByLabel("Email").waitFor()
    await requireAccessible("sign in")
    await page.keyboard.type(firstAdmin)
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await page.getByText("Email or password is wrong.").waitFor()
    await page.keyboard.type(adminPassword)
    await page.keyboard.press("Enter")

    await page.getByRole("heading", { level: 1, name: "Providers" }).waitFor()
  })

  test("tests the key of a provider, and saves it once it is good", async () => {
    const card = page.getByRole("article", { name: "OpenAI" })
    await card.waitFor()
    const save = card.getByRole("button", { name: "Save" })
    provider.answer = () => ({ status: 401 })
    await card.getByLabel("API key of OpenAI").fill("sk-typed-into-the-page")
    assert.equal(await save.isDisabled(), true)
    await card.getByRole("button", { name: "Test API key" }).click()
    await card.getByText("OpenAI does not know this key.").waitFor()
    assert.equal(await card.locator(".outcome.bad").count(), 1)
    assert.equal(await save.isDisabled(), true)
    provider.answer = () => ({ status: 200 })
    await card.getByRole("button", { name: "Test API key" }).click()
    await card.getByText("OpenAI accepts this key.").waitFor()
    await picture("providers")
    await requireAccessible("providers")
    await save.click()
    await card.getByText("Saved: ****page").waitFor()
    // By choice, without a good test
    const other = page.getByRole("article", { name: "Google" })
    await other.getByLabel("API key of Google").fill("AIza-not-tested")
    await other.getByLabel("Save without a good test").check()
    await other.getByRole("button", { name: "Save" }).click()
    await other.getByText("Saved: ****sted").waitFor()
  })

  test("shows a new API key once, and copies it", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: vault.url })
    await open("API keys")
    await page.getByText("There is no API key yet.").waitFor()
    await requireAccessible("no API keys")
    await page.getByLabel("Name").fill("CI")
    await page.getByRole("button", { name: "Create key" }).click()
    const dialog = page.getByRole("dialog", { name: "The key “CI”" })
    await dialog.waitFor()
    const key = await dialog.locator("code").innerText()
    assert.match(key, /^pk_/)
    await requireAccessible("the new key")
    await picture("api-key")
    await dialog.getByRole("button", { name: "Copy" }).click()
    await dialog.getByText("Copied.").waitFor()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key)
    await dialog.getByRole("button", { name: "I have kept it" }).click()
    await page.getByRole("cell", { name: "CI", exact: true }).waitFor()
    assert.ok(!(await page.content()).includes(key))
    await page.getByRole("button", { name: "Revoke CI" }).click()
    await page.getByLabel("Reason").fill("No longer needed")
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click()
    await page.getByText("no longer valid").waitFor()
  })

  test("shows cameras, and a name that is a script as what it is", async () => {
    await open("Cameras")
    await page.getByRole("cell", { name: "Camera 10", exact: true }).waitFor()
    await picture("cameras")
    await requireAccessible("cameras")
    const script = '<img src=x onerror="alert(1)">'
    await page.getByLabel("Name").fill(script)
    await page.getByLabel("Address").fill(provider.url)
    await page.getByLabel("User").fill("viewer")
    await page.getByLabel("Password").fill("hunter2")
    await page.getByRole("button", { name: "Add camera" }).click()
    await page.getByRole("cell", { name: script, exact: true }).waitFor()
    await page.getByRole("button", { name: `Connect to ${script}` }).click()
    await page.getByText("The camera answers.").waitFor()
    await page.getByLabel("Name").fill("Inside")
    await page.getByLabel("Address").fill("http://10.0.0.1/")
    await page.getByLabel("Password").fill("hunter2")
    await page.getByRole("button", { name: "Add camera" }).click()
    await page.getByText("The URL must be http or https, public").waitFor()
  })

  test("shows rules with their headers masked, and what nobody took", async () => {
    await open("Alert rules")
    await page.getByText("authorization: ****").waitFor()
    await page.getByText("Every webhook was taken.").waitFor()
    await requireAccessible("rules")
  })

  test("shows a rotation as it goes on", async () => {
    await open("Rotation")
    await page.getByText("The keys have never been rotated.").waitFor()
    await page.getByLabel("Notes").fill("From the page")
    await page.getByRole("button", { name: "Rotate keys" }).click()
    await page.getByText(/Tokens are written anew under the new key\. [1-9]/).waitFor()
    await picture("rotation")
    await page.getByText(/Every token is under the new key\..*100 %/).waitFor()
    await page.getByRole("cell", { name: "1 → 2" }).waitFor()
    await requireAccessible("rotation")
  })

  test("shows the audit log, filtered and by pages", async () => {
    await open("Audit log")
    await page.getByRole("cell", { name: "camera.connect", exact: true }).first().waitFor()
    await requireAccessible("audit log")
    await page.getByLabel("Action").fill("rotation.create")
    await page.getByRole("button", { name: "Filter" }).click()
    await page.getByText("1 to 1 of 1").waitFor()
    await page.getByLabel("Action").fill("nothing")
    await page.getByRole("button", { name: "Filter" }).click()
    await page.getByText("Nothing is on record that fits.").waitFor()
  })

  test("fits a phone", async () => {
    await page.setViewportSize({ width: 375, height: 700 })
    for (const title of [
      "Providers",
      "API keys",
      "Cameras",
      "Alert rules",
      "Audit log",
      "Rotation",
    ]) {
      await open(title)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(overflow <= 0, `${title} is ${overflow} px too wide`)
    }
    await open("Providers")
    await picture("phone")
  })

  test("says when the vault does not answer, and when the session is over", async () => {
    await page.setViewportSize({ width: 1100, height: 900 })
    await context.setOffline(true)
    await page.getByRole("link", { name: "Cameras" }).click()
    await page.getByRole("alert").getByText("The vault cannot be reached.").waitFor()
    await context.setOffline(false)
    await page.getByRole("button", { name: "Try again" }).click()
    await page.getByRole("cell", { name: "Camera 10", exact: true }).waitFor()
    await vault.database.query("DELETE FROM session")
    await page.getByRole("link", { name: "API keys" }).click()
    await page.getByText("Your session is over.").waitFor()
    await page.getByLabel("Email").waitFor()
  })

  test("had no error, and no script ran that is not its own", () => {
    assert.deepEqual(problems, [])
  })
})
