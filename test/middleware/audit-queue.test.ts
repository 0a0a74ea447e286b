import t from 'tap'
import { AuditQueue, type QueueSettings } from '../../lib/middleware/audit-queue.ts'
import { Client } from '../support/definition-client.ts'

function createQueue (write: (entry: number) => unknown, settings: Partial<QueueSettings> = {}) {
  const client = new Client()
  const queue = new AuditQueue<number>(write, { maxQueued: 3, timeout: 10, retryDelay: 1, ...settings }, client.log)
  return { queue, logged: client.logged }
}

t.test('entries are written one at a time and in their order, and closing waits for them', async (t) => {
  const written: string[] = []
  const { queue, logged } = createQueue(async (entry) => {
    written.push(`begin ${entry}`)
    await new Promise((resolve) => { setImmediate(resolve) })
    written.push(`end ${entry}`)
  }, { timeout: 0 })
  queue.add(1)
  queue.add(2)
  t.strictSame(written, [], 'nothing is written in the same turn')
  await queue.close()

  t.strictSame(written, ['begin 1', 'end 1', 'begin 2', 'end 2'])
  t.strictSame(logged, [])
  await queue.close()
})

for (const [what, fail] of [
  ['throws', () => { throw new Error('full') }],
  ['rejects', async () => { throw new Error('full') }],
  ['hangs', () => new Promise(() => {})]
] as const) {
  t.test(`a writer that ${what} gets the entry again until it is written, which the log says once`, async (t) => {
    const written: number[] = []
    let failures = 3
    let finish = (): void => {}
    const finished = new Promise<void>((resolve) => { finish = resolve })
    const { queue, logged } = createQueue((entry) => {
      if (failures-- > 0) return fail()
      written.push(entry)
      if (written.length === 2) finish()
    })
    queue.add(1)
    queue.add(2)
    await finished
    await queue.close()

    t.strictSame(written, [1, 2])
    t.match(logged, [
      { level: 'error', msg: 'the audit log cannot be written; its entries wait' },
      { level: 'info', msg: 'the audit log is written again' }
    ])
    t.equal(logged.length, 2)
  })
}

t.test('beyond maxQueued entries are dropped, and closing says how many were lost', async (t) => {
  const { queue, logged } = createQueue(() => { throw new Error('full') }, { retryDelay: 1_000_000 })
  for (let n = 0; n < 1_000_000; n++) queue.add(n)
  await new Promise((resolve) => { setImmediate(resolve) })
  await queue.close()

  t.match(logged, [
    { level: 'error', msg: 'entries of the audit log are dropped, because too many wait for the writer' },
    { level: 'error', msg: /cannot be written/ },
    { level: 'error', lost: 1_000_000, msg: 'entries of the audit log were not written' }
  ])
  t.equal(logged.length, 3)
})
