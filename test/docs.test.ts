import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { run } from './examples/child.ts'
import { problemsOf } from './examples/type-check.ts'

// Every page is run in a process of its own.
t.setTimeout(600_000)

const root = fileURLToPath(new URL('../', import.meta.url))
const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))

// By the names of the files that they are written to.
function blocksOf (page: string): ReadonlyArray<readonly [name: string, code: string]> {
  const text = readFileSync(join(root, 'docs', page), 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = ''], index) => [
    `${basename(page, '.md')}-${index + 1}.ts`, `${code}\nexport {}\nconsole.log('ran')\nprocess.exit()\n`
  ])
}

t.test('the code of all pages has the types that it needs', async (t) => {
  const files = pages.flatMap(blocksOf)
  const directory = t.testdir(Object.fromEntries(files))

  t.same(problemsOf(files.map(([name]) => join(directory, name))), [])
})

for (const page of pages) {
  const files = blocksOf(page)

  t.test(`the code of ${page} runs`, async (t) => {
    const directory = t.testdir(Object.fromEntries(files))

    for (const file of files.map(([name]) => join(directory, name))) {
      const { ended } = await run(t, file, { cwd: directory, until: { line: /^ran$/, times: 1 } })
      t.same(await ended, { code: 0, signal: null }, basename(file))
    }
  })
}

t.test('every page is linked from the README', async (t) => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')

  t.same(pages.filter((page) => !readme.includes(`docs/${page}`)), [])
})
