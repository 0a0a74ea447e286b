// The sidebars: the guide in the order in which it is read, and the API reference by topic.
import { readdirSync, readFileSync } from 'node:fs'
import type { DefaultTheme } from 'vitepress'
import { titleOf, toUrl } from './pages.ts'

type Item = DefaultTheme.SidebarItem

/** The pages of docs/ by what the reader does there, in the order in which they are read. */
export const GUIDE: Readonly<Record<string, readonly string[]>> = {
  Begin: ['getting-started', 'why', 'mounting', 'options'],
  Serve: [
    'tools-resources-prompts', 'routes', 'context', 'middleware', 'asking', 'notifications', 'sessions-and-eras',
    'resumability', 'sdk-servers', 'stdio'
  ],
  'Let in': [
    'authorization', 'sign-in', 'identity-providers', 'sign-in-github', 'sign-in-google', 'sign-in-entra',
    'sign-in-auth0', 'sign-in-okta', 'sign-in-keycloak', 'sign-in-workos', 'own-sign-in', 'visibility', 'browsers',
    'security'
  ],
  See: ['explorer', 'testing', 'cli', 'observe', 'troubleshooting', 'performance'],
  Scale: ['scaling', 'proxies', 'deployment'],
  Extend: ['recipes', 'architecture', 'development', 'releasing'],
  Reference: ['api', 'legacy-sse', 'from-typescript-sdk', 'from-python-sdk', 'from-fastmcp']
}

/** Returns the sidebar of the guide, with the titles of its pages. @throws Error if a page of docs/ is in no topic. */
export function readGuide (root: URL): Item[] {
  const listed = Object.values(GUIDE).flat()
  const missing = readdirSync(new URL('docs/', root))
    .filter((file) => file.endsWith('.md') && !listed.includes(file.slice(0, -3)))
  if (missing.length > 0) throw new Error(`add these pages to a topic of sidebar.ts: ${missing.join(', ')}`)

  return Object.entries(GUIDE).map(([text, pages]) => ({
    text,
    items: pages.map((page) => `docs/${page}.md`).map((file) => ({
      text: titleOf(readFileSync(new URL(file, root), 'utf8')),
      link: toUrl(file)
    }))
  }))
}

/** Returns the sidebar of the API reference: the topics of its index, with a link for each name. */
export function readReference (root: URL): Item[] {
  const index = readFileSync(new URL('docs/api/README.md', root), 'utf8')
  const topics = index.split(/^## /m).slice(1).map((topic) => {
    const [text = ''] = topic.split('\n', 1)
    const items = [...topic.matchAll(/\[`([^`]+)`\]\(([^)#]+)\)/g)].map(([, name = '', path = '']) => ({
      text: name,
      link: toUrl(`docs/api/${path}`)
    }))
    return { text, collapsed: true, items }
  })
  return [{ text: 'API reference', link: '/api/' }, ...topics, { text: 'Guide', link: '/getting-started' }]
}
