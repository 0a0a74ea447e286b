import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const directory = fileURLToPath(new URL('../../examples/', import.meta.url))
const listed = [...readFileSync(join(directory, 'README.md'), 'utf8').matchAll(/\]\(([^)]+\.ts)\)/g)].map(
  ([, file = '']) => file
)

t.test('every example is listed once', async (t) => {
  const files = readdirSync(directory).filter((name) => name.endsWith('.ts'))

  t.same(listed.sort(), [...files, 'cluster/start.ts', 'container/server.ts', 'shop/app.ts'].sort())
})
