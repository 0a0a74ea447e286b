import { join } from 'node:path'
import t from 'tap'
import { runProcess } from '../../lib/cli/run-process.ts'
import { createTestTerminal, RUN_SETTINGS } from './terminal.ts'

t.test('a file finds its arguments as if Node.js had run it', async (t) => {
  const argv = [...process.argv]
  t.teardown(() => { process.argv.splice(0, Infinity, ...argv) })
  const file = join(t.testdir({ 'server.mjs': 'export const other = 1' }), 'server.mjs')
  const settings = { ...RUN_SETTINGS, name: 'server.mjs', file, args: ['--database', 'notes.db'] }
  const test = createTestTerminal()

  t.equal(await runProcess(JSON.stringify(settings), test.terminal), 1)

  t.same(process.argv.slice(1), [file, '--database', 'notes.db'])
  t.match(test.err, /^server\.mjs has no default export/)
})
