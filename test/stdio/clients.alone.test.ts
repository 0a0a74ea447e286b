import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { LOADER } from '../support/child.ts'
import { until } from '../support/stream.ts'
import { stdioClientKinds } from '../support/stdio-clients.ts'
import { modernCall } from './pipe.ts'

// Each client starts a process; a busy machine may need longer.
t.setTimeout(120_000)

const root = fileURLToPath(new URL('../../', import.meta.url))
const SERVER = 'test/stdio/notes-server.ts'

for (const kind of stdioClientKinds) {
  t.test(kind.title, async (t) => {
    const client = await kind.connect(t, SERVER, { answer: { name: 'Ann' } })

    await t.test('learns who the server is', async (t) => {
      t.equal(client.era, kind.title.endsWith('modern') ? 'modern' : 'legacy')
      t.equal(client.serverName, 'Notes')
      t.equal(client.instructions, 'Keeps notes.')
      t.same(await client.toolNames(), ['add_note', 'chatter', 'work', 'go_on', 'greet', 'wait', 'grow'])
    })

    await t.test('calls tools that have a lifespan and no request', async (t) => {
      t.equal(await client.call('add_note', { text: 'Grüße\nund mehr' }), 'Saved: Grüße\nund mehr')
      t.equal(await client.call('chatter'), 'undefined')
      await until(() => client.errors.includes('written by a handler'))
      t.ok(client.errors.includes('printed by a handler'))
    })

    await t.test('is told of progress', async (t) => {
      const progress: unknown[] = []
      // The clients forget a call with its result, and lose the progress that comes in the same chunk.
      const onprogress = (one: object): void => { progress.push(one); client.call('go_on') }

      t.equal(await client.call('work', {}, { onprogress }), 'done')

      t.same(progress, [{ progress: 1, total: 2, message: 'half' }])
    })

    await t.test('is asked', async (t) => {
      t.equal(await client.call('greet'), 'Hello Ann')
    })

    await t.test('cancels a call', async (t) => {
      const controller = new AbortController()

      const called = client.call('wait', {}, { signal: controller.signal })
      await until(() => client.errors.includes('waiting'))
      controller.abort(new Error('enough'))

      await t.rejects(called)
      await until(() => client.errors.includes('aborted'))
    })

    await t.test('is told that the tools have changed', async (t) => {
      await client.listen()
      t.equal(await client.call('grow'), 'grown')

      await until(() => client.changes() === 1)

      t.equal((await client.toolNames()).length, 8)
    })

    await t.test('ends the server, which leaves its lifespan', async (t) => {
      await client.close()

      t.ok(client.errors.includes('lifespan left'), 'before it would be killed')
      t.throws(() => process.kill(Number(client.pid), 0), { code: 'ESRCH' })
    })
  })
}

function start (t: Test, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(process.execPath, [...LOADER, join(root, SERVER)], {
    cwd: root, env: { ...process.env, ...env }
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

function untilPrinted ({ stderr }: ChildProcess, line: string): Promise<void> {
  let printed = ''
  return new Promise((resolve) => stderr?.on('data', (chunk) => { if ((printed += chunk).includes(line)) resolve() }))
}

t.test('a signal ends the process by close(), while the client still holds the input open', async (t) => {
  const child = start(t)
  await untilPrinted(child, 'serving')
  const left = untilPrinted(child, 'lifespan left')

  child.kill('SIGTERM')

  await left
  t.same(await once(child, 'exit'), [0, null])
})

t.test('a client that reads no more ends the process without a crash', async (t) => {
  const child = start(t)
  await untilPrinted(child, 'serving')
  const left = untilPrinted(child, 'lifespan left')

  child.stdout?.destroy()
  await once(child.stdout as NodeJS.ReadableStream, 'close')
  child.stdin?.write(`${JSON.stringify(modernCall(1, 'add_note', { text: 'a' }))}\n`)

  await left
  t.same(await once(child, 'exit'), [0, null])
})

t.test('a lifespan that throws ends the process with 1, and says why', async (t) => {
  const child = start(t, { FAIL: '1' })

  const [printed, [code], answered] = await Promise.all([
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'exit'),
    text(child.stdout as NodeJS.ReadableStream)
  ])

  t.match(printed, 'Error: the database is away')
  t.equal(code, 1)
  t.equal(answered, '')
})

t.test('all that was asked before the end of the input is answered, however long it takes to be read', async (t) => {
  const child = start(t)
  const long = 'x'.repeat(100_000)

  for (let id = 0; id < 20; id++) child.stdin?.write(`${JSON.stringify(modernCall(id, 'add_note', { text: long }))}\n`)
  child.stdin?.end()
  await untilPrinted(child, 'serving')
  const answers = (await text(child.stdout as NodeJS.ReadableStream))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; result: { content: [{ text: string }] } })

  t.same(answers.map(({ id }) => id).sort((a, b) => a - b), Array.from({ length: 20 }, (_, id) => id))
  t.ok(answers.every(({ result: { content: [{ text }] } }) => text === `Saved: ${long}`))
})
