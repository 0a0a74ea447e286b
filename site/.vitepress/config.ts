// The site: the guide is docs/, the API reference is what `npm run docs:api` has written, and each example is a page.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { writeTextsForModels } from './llms.ts'
import { resolveLinks, toAnchor, toPage } from './pages.ts'
import { readGuide, readReference } from './sidebar.ts'

const root = new URL('../../', import.meta.url)
if (!existsSync(new URL('docs/api/README.md', root))) {
  throw new Error('docs/api/ is missing: run npm run docs:site, which writes it')
}
const vue = fileURLToPath(new URL('../node_modules/vue', import.meta.url))

export default defineConfig({
  title: 'fastify-mcp-mount',
  description: 'Let Claude, ChatGPT, VS Code and Cursor use your Fastify app',
  lang: 'en',

  srcDir: '..',
  srcExclude: ['!(docs|site|examples)/**', 'docs/api.md', '*.md', 'examples/*/**'],
  rewrites: toPage,
  cleanUrls: true,
  // check-links.js checks all links and anchors of the pages that were built, which VitePress does not.
  ignoreDeadLinks: true,

  markdown: { config: resolveLinks, anchor: { slugify: toAnchor }, languageAlias: { caddyfile: 'nginx' } },
  // Pages outside of this folder would not find it.
  vite: { resolve: { alias: [{ find: /^vue(?=\/|$)/, replacement: vue }] } },
  buildEnd: ({ outDir }) => writeTextsForModels(root, outDir),

  themeConfig: {
    nav: [
      { text: 'Guide', link: '/getting-started', activeMatch: '^/(?!api/|examples/|$)' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
      { text: 'Examples', link: '/examples/', activeMatch: '^/examples/' }
    ],
    sidebar: { '/': readGuide(root), '/api/': readReference(root) },
    outline: [2, 3],
    search: { provider: 'local' }
  }
})
