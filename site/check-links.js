// Checks the site that was built: every link within it leads to a page, and every anchor to an element of that page.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const dist = fileURLToPath(new URL('.vitepress/dist/', import.meta.url))
const pages = new Map(
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => [urlOf(file), readFileSync(join(dist, file), 'utf8')])
)
const anchors = new Map([...pages].map(([url, html]) => [url, new Set(valuesOf(html, 'id'))]))

const dead = [...pages].flatMap(([url, html]) =>
  [...new Set(valuesOf(html, 'href'))].filter(isDead).map((link) => `${url} links ${link}`))
if (dead.length > 0) throw new Error(`${dead.length} dead links:\n${dead.join('\n')}`)
console.log(`site: ${pages.size} pages, no dead link`)

function urlOf (file) {
  return `/${file.replaceAll('\\', '/').replace(/(^|\/)index\.html$/, '$1').replace(/\.html$/, '')}`
}

function valuesOf (html, attribute) {
  return [...html.matchAll(new RegExp(`<[^>]* ${attribute}="([^"]*)"`, 'g'))].map(([, value]) => decodeURI(value))
}

function isDead (link) {
  if (/^(https?:|mailto:|data:|#)/.test(link) || link.startsWith('/assets/') || /\.(css|svg|png|ico|txt|js|woff2)$/.test(link)) return false
  const [page, anchor] = link.split('#')
  return !pages.has(page) || (anchor !== undefined && !anchors.get(page).has(anchor))
}
