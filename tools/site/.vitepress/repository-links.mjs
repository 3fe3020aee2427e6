import { existsSync, statSync } from "node:fs"
import { join, posix } from "node:path"

/**
 * Plugin of markdown-it: links between pages stay, as GitHub has them, and what is no page, such as
 * a test or an example, is linked where the repository is.
 *
 * @param root - the directory of the repository
 * @param url - where its files are shown
 */
export function repositoryLinks(markdown, { root, url }) {
  markdown.core.ruler.push("repository-links", ({ tokens, env }) => {
    const links = tokens
      .flatMap(({ children }) => children ?? [])
      .filter(({ type }) => type === "link_open")
    for (const link of links) {
      const [, path = "", anchor = ""] = /^([^#]*)(#.*)?$/.exec(link.attrGet("href")) ?? []
      if (path === "" || /^(?:[a-z]+:|\/)/.test(path)) continue
      const target = posix.join(posix.dirname(env.relativePath), path)
      if (target === "README.md") {
        link.attrSet("href", path.replace(/README\.md$/, "index.md") + anchor)
      } else if (!target.endsWith(".md")) {
        link.attrSet("href", `${url}/${viewOf(join(root, target))}/main/${target}${anchor}`)
      }
    }
  })
}

function viewOf(path) {
  if (!existsSync(path)) throw new Error(`A page links to ${path}, which does not exist.`)
  return statSync(path).isDirectory() ? "tree" : "blob"
}
