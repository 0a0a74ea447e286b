import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import t from 'tap'
import { findLoader } from '../../lib/cli/loader.ts'

const OLD = { version: 'v20.19.0', typescript: undefined }
const NOWHERE = join(tmpdir(), 'nowhere')

t.test('JavaScript needs no arguments', async (t) => {
  for (const name of ['server.js', 'server.mjs', 'server.cjs']) t.same(findLoader(join(NOWHERE, name), OLD), [])
})

t.test('TypeScript is run by the tsx that is installed beside it', async (t) => {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

  for (const name of ['server.ts', 'server.mts', 'server.cts', 'server.tsx']) {
    t.same(findLoader(join(process.cwd(), name)), ['--import', tsx])
  }
})

t.test('without tsx, TypeScript is run by a version of Node.js that supports it', async (t) => {
  t.same(findLoader(join(NOWHERE, 'server.ts'), { version: 'v22.18.0', typescript: 'strip' }), [])
})

t.test('if nothing runs TypeScript, the error says what to install', async (t) => {
  const file = join(NOWHERE, 'server.ts')
  const message =
    `${file} is TypeScript, which Node.js v20.19.0 does not run by itself. Install tsx (npm install ` +
    '--save-dev tsx), or Node.js 22.18 or newer.'

  t.throws(() => findLoader(file, OLD), { message })
  t.throws(() => findLoader(file, { ...OLD, typescript: false }), { message })
})
