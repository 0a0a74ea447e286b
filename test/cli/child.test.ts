import { spawn } from 'node:child_process'
import t from 'tap'
import { waitFor } from '../../lib/cli/child.ts'
import { createTestTerminal } from './terminal.ts'

t.test('a signal that the process loses is passed on once more', async (t) => {
  const code = "process.once('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const test = createTestTerminal()
  test.terminal.forward(child)
  const ended = waitFor(child, test.terminal, 100)
  await test.waitFor(/up/)

  test.signal('SIGTERM')

  t.same(await ended, { code: null, wasEnded: true })
})
