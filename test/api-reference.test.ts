import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// TypeDoc reads all types of the package and of what it uses.
t.setTimeout(120_000)

const root = fileURLToPath(new URL('../', import.meta.url))
const typedoc = join(dirname(createRequire(import.meta.url).resolve('typedoc/package.json')), 'bin/typedoc')

function readPages (directory: string): Record<string, string> {
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
}

t.test('the API reference is what the doc comments say (npm run docs:api writes it), and they leave nothing out', async (t) => {
  const out = t.testdir()

  const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, '--out', out, '--logLevel', 'Warn'], { cwd: root, env: { ...process.env, NO_COLOR: '1' }, encoding: 'utf8' })

  if (t.same({ status, output: stdout + stderr }, { status: 0, output: '' })) t.same(readPages(out), readPages(join(root, 'docs/api')))
})

t.test('every link within the API reference leads somewhere', async (t) => {
  const pages = readPages(join(root, 'docs/api'))
  const anchors = new Set(Object.entries(pages).flatMap(([page, text]) => [page, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => `${page}#${id}`)]))
  const links = Object.entries(pages).flatMap(([page, text]) => [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => target.startsWith('#') ? page + target : target))

  t.ok(links.length > 100)
  t.same(links.filter((target) => !anchors.has(target)), [])
})
