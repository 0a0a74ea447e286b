// docs/getting-started.md, followed to the letter, but for the port.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { LOADER, run, runInShell } from '../support/child.ts'
import { findPort } from '../support/free-port.ts'
import { gettingStarted as page, gettingStartedFiles as files, root } from './code.ts'

const inspections = page.split('\n').filter((line) => line.startsWith('npx fastify-mcp-mount inspect'))
// As npx would run it.
const PROGRAM = [process.execPath, ...LOADER, join(root, 'lib/cli.ts')].map((part) => `'${part}'`).join(' ')

t.test('every block of the page is saved as a file', async (t) => {
  t.same(Object.keys(files), ['notes.ts', 'app.ts', 'server.ts', 'client.ts', 'app.test.ts'])
  t.equal(page.match(/^```ts$/gm)?.length, Object.keys(files).length)
})

t.test('the server listens where the page says, and the client prints what its comments say', async (t) => {
  const port = String(await findPort())
  const onPort = Object.entries(files).map(([name, code]) => [name, code.replaceAll('8000', port)])
  const directory = t.testdir(Object.fromEntries(onPort))
  const promised = [...(files['client.ts'] ?? '')
    .matchAll(/^console\.log\(.*\) \/\/ (.+)$/gm)].map(([, output]) => output)

  const server = await run(t, join(directory, 'server.ts'), { until: { line: /listens at/, times: 1 } })
  const [ready] = server.lines.slice(-1)
  const inspected = await Promise.all(inspections.map((line) =>
    runInShell(line.replace('npx fastify-mcp-mount', PROGRAM).replace('8000', port))))
  const client = await run(t, join(directory, 'client.ts'), { until: { line: /^\[/, times: promised.length } })

  t.match(ready, new RegExp(`listens at http://(127\\.0\\.0\\.1|localhost|\\[::1\\]):${port}/notes/mcp`))
  t.equal(inspected.length, 2)
  t.match(inspected[0], /^Notes 1\.0\.0[^]*add_note[^]*find_note/)
  t.equal(inspected[1], 'Saved as note 1\n')
  t.same(client.lines, promised)
  t.same(await client.ended, { code: 0, signal: null })
  t.same(await server.stop('SIGTERM'), { code: 0, signal: null })
})

t.test('the test of the page passes', async (t) => {
  const directory = t.testdir(files)

  const args = [...LOADER, '--test', '--test-reporter=tap', join(directory, 'app.test.ts')]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_TEST_CONTEXT: undefined }
  })

  t.match(stdout, /^# pass 1$/m)
})
