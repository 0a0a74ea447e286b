import cluster from 'node:cluster'
import { once } from 'node:events'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runProcess } from '../../lib/cli/run-process.ts'
import { runWorkers } from '../../lib/cli/workers.ts'
import { createTestTerminal, type TestTerminal } from './terminal.ts'

const SERVER = `import { createServer } from 'node:net'
createServer().listen(0, '127.0.0.1')
process.on('SIGTERM', () => { process.exit(0) })
`

/** Lets workers run a program of the test in place of this one. */
function setUp (t: Test, program: string): TestTerminal {
  const exec = join(t.testdir({ 'worker.mjs': program }), 'worker.mjs')
  cluster.setupPrimary({ exec, execArgv: [], args: [], silent: true })
  t.teardown(() => { for (const event of ['listening', 'exit']) cluster.removeAllListeners(event) })
  return createTestTerminal()
}

t.test('a worker that dies is replaced, and a signal ends all workers', async (t) => {
  const test = setUp(t, SERVER)
  const code = runWorkers(2, {}, test.terminal)
  await once(cluster, 'listening')
  const [dying] = await once(cluster, 'listening')

  dying.process.kill('SIGKILL')
  await once(cluster, 'listening')

  t.equal(test.err, `Worker ${dying.process.pid} has ended: SIGKILL. Another one is started.\n`)
  test.signal('SIGTERM')
  t.equal(await code, 0)
  t.same(Object.keys(cluster.workers ?? {}), [])
})

t.test('a signal ends a program whose workers have all died', async (t) => {
  const marker = join(t.testdirName, 'served')
  const test = setUp(t, `import { existsSync, writeFileSync } from 'node:fs'
if (existsSync(${JSON.stringify(marker)})) process.exit(3)
writeFileSync(${JSON.stringify(marker)}, '')
${SERVER}`)
  const code = runWorkers(1, {}, test.terminal)
  const [first] = await once(cluster, 'listening')
  first.process.kill('SIGKILL')
  await test.waitFor(/Worker \d+ has ended: exit code 3\./)

  test.signal('SIGTERM')

  t.equal(await code, 0)
})

t.test('if the first worker fails to start, the exit code is 1', async (t) => {
  const test = setUp(t, 'process.exit(3)')

  t.equal(await runWorkers(3, {}, test.terminal), 1)
})

t.test('a signal ends a program whose first worker has yet to start, with the exit code 0', async (t) => {
  const test = setUp(t, 'setInterval(() => {}, 1000)')
  const code = runWorkers(2, {}, test.terminal)
  await once(cluster, 'online')

  test.signal('SIGTERM')

  t.equal(await code, 0)
  t.same(Object.keys(cluster.workers ?? {}), [])
})

t.test('settings with several workers start them', async (t) => {
  const test = setUp(t, 'process.exit(3)')

  t.equal(await runProcess(JSON.stringify({ workers: 2 }), test.terminal), 1)
})
