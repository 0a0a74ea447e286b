import t from 'tap'
import { sessionStoreContract } from '../../lib/contracts/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { runContracts } from '../support/contract.ts'
import { until } from '../support/stream.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { removeKeys, startNodes } from './subject.ts'

t.test('sessions in Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, sessionStoreContract(async () => {
    const { nodes: [a, b], pass, stop } = await startNodes(server)
    return { stores: [a.sessions, b.sessions], pass, stop }
  }, { unit: 100_000 }))
})

t.test('data that another program wrote to a session or a stream is ignored and reported', { skip: noRedis }, async (t) => {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  const unreadable: string[] = []
  const node = redisCluster({ url, keyPrefix }).join('notes', {
    onOutage () {},
    onRecovery () {},
    onUnreadable: (what) => { unreadable.push(what) }
  })
  const name = (key: string): string => `${keyPrefix}{notes}:${key}`
  t.teardown(async () => { await node.close(); await removeKeys(client, keyPrefix) })
  await node.start()
  const received: unknown[] = []
  await node.events.follow('s.0', (event) => received.push(event))
  for (const text of ['', 'x', '1', 'NaN {}', '-1 {}', '1.5 {}']) await client.publish(name('e:s.0'), text)
  await client.hset(name('s:s'), { r: '{"client":null}', l: 'loud', 'c:s.n-1': '{}' })
  for (const id of ['1-1', '2-2']) await client.xadd(name('e:s.1'), id, 'x', 'y')

  await client.zadd(name('open'), Date.now() + 60_000, 's', Date.now() + 60_000, 'gone')
  t.same(await node.sessions.list(), { sessions: [] })
  t.equal(await node.sessions.load('s', 60_000), undefined)
  t.equal(await node.sessions.renew('s', 60_000), 'debug')
  t.same((await node.sessions.readState('s'))?.calls, new Map())
  t.same((await node.sessions.connect('s'))?.state.calls, new Map())
  t.equal(await node.events.read('s.1', 0), undefined)
  await node.events.append('s.0', 'event')
  await until(() => received.length > 0)

  t.same(received, [{ seq: 1, message: 'event' }])
  t.same([...new Set(unreadable)].sort(), [
    'an event of a stream',
    'the ids of the requests that a stream answers',
    'the record of a session',
    'what is published for those who follow a stream'
  ])
})
