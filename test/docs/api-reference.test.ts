import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { allPages, readme, root } from './code.ts'

// TypeDoc reads all types of the package and of what it uses.
t.setTimeout(120_000)

const typedoc = join(dirname(createRequire(import.meta.url).resolve('typedoc/package.json')), 'bin/typedoc')

t.test('doc comments leave nothing out, and every link into the API reference leads to one of its pages', async (t) => {
  const out = t.testdir()

  const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, '--out', out, '--logLevel', 'Warn'], {
    cwd: root, env: { ...process.env, NO_COLOR: '1' }, encoding: 'utf8'
  })

  t.same({ status, output: stdout + stderr }, { status: 0, output: '' })
  const pages = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const texts = new Map(pages.map((page) => [page, readFileSync(join(out, page), 'utf8')]))
  const targets = new Set([...texts].flatMap(([page, text]) =>
    [page, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => `${page}#${id}`)]))
  const links = [...texts].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) =>
      link.startsWith('#') ? page + link : join(dirname(page), link)))

  t.ok(pages.length > 100)
  t.ok(links.length > 500)
  t.same(links.filter((link) => !targets.has(link)), [])
  t.same(linksOfGuide().filter((link) => !targets.has(link)), [])
})

/** The links of the guide into the reference, seen from `docs/api/`. */
function linksOfGuide (): string[] {
  const pages = allPages.map((page) => readFileSync(join(root, 'docs', page), 'utf8'))
  return [readme.replaceAll('](docs/', ']('), ...pages].flatMap((text) =>
    [...text.matchAll(/\]\(api\/([^)\s]+)\)/g)].map(([, link = '']) => normalize(link)))
}
