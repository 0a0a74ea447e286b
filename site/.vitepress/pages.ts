// Which page of the site a file of the repository becomes, and how the links between these files follow.
import { posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MarkdownOptions } from 'vitepress'

const root = fileURLToPath(new URL('../../', import.meta.url))

type ConfigureMarkdown = NonNullable<MarkdownOptions['config']>
type Token = ReturnType<Parameters<ConfigureMarkdown>[0]['parse']>[number]

const PAGES: readonly (readonly [from: RegExp, to: string])[] = [
  [/^site\/(.+)$/, '$1'],
  [/^docs\/api\.md$/, 'api/index.md'],
  [/^docs\/(.+\/)README\.md$/, '$1index.md'],
  [/^docs\/(.+)$/, '$1'],
  [/^(.+\/)README\.md$/, '$1index.md'],
  [/^README\.md$/, 'index.md'],
  // site/examples/[name].md makes a page of each example.
  [/^examples\/(.+?)(?:\.[jt]s|(?<=Dockerfile))$/, 'examples/$1.md']
]

/** Returns the page that a file becomes, as a path below the site's root; a file that no rule names keeps its path. */
export function toPage (file: string): string {
  const rule = PAGES.find(([from]) => from.test(file))
  return rule === undefined ? file : file.replace(rule[0], rule[1])
}

/** Returns the URL of the page that a file becomes: without the extension, or of its folder for an index. */
export function toUrl (file: string): string {
  return `/${toPage(file).replace(/(^|\/)index\.md$/, '$1').replace(/\.md$/, '')}`
}

/** Returns the anchor of a heading, which is that of GitHub, so that a link holds in both places. */
export function toAnchor (heading: string): string {
  return heading.toLowerCase().replace(/[^\p{Letter}\p{Number}\s_-]/gu, '').trim().replace(/\s/g, '-')
}

/** Returns the first heading of a page, as text. */
export function titleOf (markdown: string): string {
  const [, title = ''] = /^# (.+)$/m.exec(markdown) ?? []
  return title.replaceAll('`', '')
}

/** Makes the relative links of a file, which hold for the repository, absolute URLs of the site. */
export const resolveLinks: ConfigureMarkdown = (markdown) => {
  markdown.core.ruler.push('site-links', ({ tokens, env }) => {
    // VitePress parses a title on its own, without a file.
    const { path, realPath = path } = env as { path?: string, realPath?: string }
    if (realPath === undefined) return
    const file = relative(root, realPath).replaceAll(sep, '/')
    dropNext(tokens)
    for (const link of tokens.flatMap(({ children }) => children ?? []).filter(({ type }) => type === 'link_open')) {
      const href = link.attrGet('href') ?? ''
      if (/^[^/#:]+(\/|\.|$)/.test(href)) link.attrSet('href', resolveLink(href, file))
    }
  })
}

function resolveLink (href: string, file: string): string {
  const [path = '', anchor] = href.split('#')
  const target = toUrl(posix.join(posix.dirname(file), path))
  return anchor === undefined ? target : `${target}#${anchor}`
}

// The site has links of its own to the previous page and to the next one.
function dropNext (tokens: Token[]): void {
  const last = tokens.at(-2)?.content ?? ''
  if (last.startsWith('Next: ')) tokens.splice(-3)
}
