import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { slug } from "github-slugger"
import { defineConfig } from "vitepress"
import llms from "vitepress-plugin-llms"

import { checkSite } from "./check-site.mjs"
import { repositoryLinks } from "./repository-links.mjs"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..")
const read = (path) => readFileSync(join(root, path), "utf8")
const manifest = JSON.parse(read("package.json"))
const url = manifest.repository.url.replace(/^git\+|\.git$/g, "")

/** A page under its own heading. */
function page(path) {
  const [, text] = /^# (.+)$/m.exec(read(path)) ?? []
  return { text, link: `/${path.replace(/\.md$/, "")}` }
}

/** The modules of the package, under the names by which they are imported. */
const modules = JSON.parse(read("reports/api/typedoc-sidebar.json")).map((module) => ({
  ...module,
  text: module.text === "index" ? manifest.name : `${manifest.name}/${module.text}`,
}))
/** In the order in which the README lists them. */
const [, list = ""] = read("README.md").split("\n## Guides\n")
const guides = [...list.matchAll(/\]\((docs\/[\w-]+\.md)\)/g)].map(([, path]) => path)

export default defineConfig({
  title: manifest.name,
  description: manifest.description,
  base: process.env.SITE_BASE ?? "/",
  srcDir: root,
  outDir: join(root, "reports", "site"),
  cacheDir: join(root, "reports", "site-cache"),
  cleanUrls: true,
  ignoreDeadLinks: "localhostLinks",
  // The anchors of README and guides are GitHub's, which its slugger makes
  markdown: {
    anchor: { slugify: slug },
    config: (markdown) => {
      markdown.use(repositoryLinks, { root, url })
    },
  },
  srcExclude: ["coverage", "reports/site", "reports/mutation", ".stryker-tmp"].map(
    (folder) => `${folder}/**`,
  ),
  rewrites: { "README.md": "index.md", "reports/api/:path*": "api/:path*" },
  vite: { plugins: [llms({ domain: process.env.SITE_ORIGIN, excludeIndexPage: false })] },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    socialLinks: [{ icon: "github", link: url }],
    sidebar: [
      { text: manifest.name, link: "/" },
      { text: "Guides", items: guides.map(page) },
      { text: "API", collapsed: true, items: modules },
      { text: "Project", items: ["SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(page) },
      { text: "Measured", items: ["bench/RESULTS.md", "bench/NOTES.md"].map(page) },
    ],
  },
  buildEnd: checkSite,
})
