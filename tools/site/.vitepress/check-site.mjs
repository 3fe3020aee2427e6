import { readdirSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"

import MiniSearch from "minisearch"

const ORIGIN = "https://site.invalid"

/** Fails the build where a link leads to no heading, a page needs another host, or search finds nothing. */
export async function checkSite({ outDir, site: { base } }) {
  const files = readdirSync(outDir, { recursive: true, encoding: "utf8" })
  const pages = files
    .filter((file) => file.endsWith(".html"))
    .map((file) => pageOf(outDir, file, base))
  const faults = [
    ...pages.flatMap((page) => deadLinks(page, pages)),
    ...pages.flatMap(({ path, html }) => foreignParts(path, html)),
    ...files
      .filter((file) => file.endsWith(".css"))
      .flatMap((file) => foreignParts(file, readFileSync(join(outDir, file), "utf8"))),
    ...(await searchFaults(outDir, files)),
  ]
  if (faults.length > 0) throw new Error(faults.join("\n"))
}

function pageOf(outDir, file, base) {
  const html = readFileSync(join(outDir, file), "utf8")
  const path = base + file.replaceAll(sep, "/").replace(/(?:^|(?<=\/))index\.html$|\.html$/, "")
  const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  return { path, html, ids }
}

function deadLinks({ path, html }, pages) {
  return [...html.matchAll(/<a [^>]*?href="([^"]+)"/g)].flatMap(([, href]) => {
    const { origin, pathname, hash } = new URL(href, ORIGIN + path)
    if (origin !== ORIGIN) return []
    const target = pages.find((page) => page.path === pathname.replace(/\.html$/, ""))
    if (target === undefined) return [`${path} links to ${href}, which is no page.`]
    const isThere = hash === "" || target.ids.has(decodeURIComponent(hash.slice(1)))
    return isThere ? [] : [`${path} links to ${href}, which is no heading.`]
  })
}

/** What a browser would load from elsewhere: the site is read offline, too. */
function foreignParts(file, text) {
  const loaded =
    /<(?:script|link|img)\s[^>]*?(?:src|href)="(?:https?:)?\/\/[^"]+"|url\(["']?(?:https?:)?\/\/[^)]+\)/g
  return [...text.matchAll(loaded)].map(([part]) => `${file} loads ${part}.`)
}

/** The index of the search is one of the site's own files. */
async function searchFaults(outDir, files) {
  const file = files.find((name) => /@localSearchIndexroot\..*\.js$/.test(name))
  if (file === undefined) return ["The site has no index to search."]
  const module = readFileSync(join(outDir, file), "utf8")
  const { default: index } = await import(`data:text/javascript,${encodeURIComponent(module)}`)
  const search = MiniSearch.loadJSON(index, { fields: ["title", "titles", "text"] })
  const [first] = search.search("a lost key")
  return first?.id.endsWith("docs/runbook#a-lost-key")
    ? []
    : [`Search finds ${first?.id} for a lost key.`]
}
