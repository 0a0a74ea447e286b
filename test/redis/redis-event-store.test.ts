import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { sharedEventStoreContract } from '../../lib/contracts/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { runContracts } from '../support/contract.ts'
import { createPrefix, noRedis, noServer, startRedis, useRedis } from '../support/redis-server.ts'
import { startNodes, useNodes } from './subject.ts'

const SESSION = { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'info' } as const

t.test('events in Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, sharedEventStoreContract(async ({ maxEvents, maxBytes, maxAge }) => {
    const {
      nodes: [a, b],
      pass,
      stop
    } = await startNodes(server, { events: { maxLength: maxEvents, maxBytes, maxAge } })
    const open = async (sessionId: string): Promise<void> => {
      await a.sessions.open(sessionId, SESSION, { max: 10, ttl: 10 * maxAge })
    }
    return { stores: [a.events, b.events], pass, open, stop }
  }, { unit: 100_000 }))
})

t.test('the numbers of an ended stream go on while any of its events is stored', { skip: noRedis }, async (t) => {
  const { nodes: [{ sessions, events }], pass } = await useNodes(t, await useRedis(t), { events: { maxAge: 60_000 } })
  await sessions.open('s', SESSION, { max: 1, ttl: 600_000 })
  for (const message of ['a', 'b']) await events.append('s.n-1', message)
  await sessions.change('s', { kind: 'end', streamId: 's.n-1' })

  t.same(await events.read('s.n-1', 0), [{ seq: 1, message: 'a' }, { seq: 2, message: 'b' }])
  t.same(await events.read('s.n-1', 2), [])
  t.equal(await events.append('s.n-1', 'c'), 3)
  await sessions.change('s', { kind: 'end', streamId: 's.n-1' })
  await pass(61_000)
  t.same(await events.read('s.n-1', 0), [])
})

t.test('events are appended even if the clock goes back', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)
  const { nodes: [{ events }], pass } = await useNodes(t, server, { events: { maxAge: 60_000 } })
  await events.append('s.0', 'a')
  await pass(-10_000)

  t.equal(await events.append('s.0', 'b'), 2)
  t.equal(await events.append('s.0', 'c'), 3)
  t.same(await events.read('s.0', 0), ['a', 'b', 'c'].map((message, index) => ({ seq: index + 1, message })))
})

t.test('following a stream rejects if Redis refuses the subscription', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)
  const { nodes: [node, other], keyPrefix } = await useNodes(t, server)
  await server.client.set(`${keyPrefix}{notes}:e:s.0`, 'a string')
  await t.rejects(node.events.follow('s.0', () => t.fail('reported')), { name: 'ReplyError' })
  await server.client.del(`${keyPrefix}{notes}:e:s.0`)

  t.equal(await other.events.append('s.0', 'a'), 1)
  await node.sessions.count()
})

t.test('a follower whose connection broke for a moment gets the next event', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const client = new Redis(server.url)
  t.teardown(() => client.disconnect())
  const reported: string[] = []
  const follower = redisCluster({ client, keyPrefix: createPrefix() }).join('notes', {
    onOutage () {},
    onRecovery () {},
    onGap: () => { reported.push('gap') }
  })
  await follower.start()
  t.teardown(() => follower.close())
  const { received, until } = collect()
  await follower.events.follow('s.0', ({ seq }) => received(seq))
  for (const message of ['a', 'b']) await follower.events.append('s.0', message)
  await until(2)

  await server.client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  while (reported.length === 0) await nextTurn()
  await follower.events.append('s.0', 'c')

  t.same(await until(3), [1, 2, 3])
})

function collect (): {
  readonly received: (seq: number) => void, readonly until: (count: number) => Promise<readonly number[]>
} {
  const all: number[] = []
  return {
    received: (seq) => { all.push(seq) },
    async until (count) {
      while (all.length < count) await nextTurn()
      return all
    }
  }
}
