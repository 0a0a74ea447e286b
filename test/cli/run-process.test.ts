import { join } from 'node:path'
import t from 'tap'
import { runProcess } from '../../lib/cli/run-process.ts'
import { createTestTerminal } from './terminal.ts'

t.test('a file finds its arguments as if Node.js had run it', async (t) => {
  const argv = [...process.argv]
  t.teardown(() => { process.argv.splice(0, Infinity, ...argv) })
  const file = join(t.testdir({ 'server.mjs': 'export const other = 1' }), 'server.mjs')
  const settings = {
    name: 'server.mjs',
    file,
    transport: 'http',
    host: '127.0.0.1',
    port: 0,
    logLevel: 'info',
    isLogLevelGiven: false,
    workers: 1,
    stateless: false,
    args: ['--database', 'notes.db']
  }
  const test = createTestTerminal()

  t.equal(await runProcess(JSON.stringify(settings), test.terminal), 1)

  t.same(process.argv.slice(1), [file, '--database', 'notes.db'])
  t.match(test.err, /^server\.mjs has no default export/)
})
