import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { ClusterUnreachableError } from '../../lib/errors.ts'
import { createKeys, digest } from '../../lib/redis/keys.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import type { RedisLink } from '../../lib/redis/link.ts'
import { Presence } from '../../lib/redis/presence.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { removeKeys } from './subject.ts'

const QUIET = { onOutage () {}, onRecovery () {} }
const ANN = digest('ann')

/** A link that records the scripts it is asked to run, and returns the given answers. */
function createLink (answers: Array<number | Error | Promise<number>>) {
  const asked: Array<ReadonlyArray<string | number>> = []
  const runScript = async (_script: unknown, _keys: unknown, args: ReadonlyArray<string | number>): Promise<number> => {
    asked.push(args)
    const answer = await (answers.shift() ?? 1)
    if (answer instanceof Error) throw answer
    return answer
  }
  // A presence uses no other members.
  return { asked, link: { runScript } as unknown as RedisLink }
}

function createPresence (...answers: Array<number | Error | Promise<number>>) {
  const { asked, link } = createLink(answers)
  return { asked, presence: new Presence(link, createKeys('', 'notes'), { id: 'n', nodeTimeout: 1000 }) }
}

t.test('a node that dies silently holds no places after nodeTimeout', { skip: noRedis }, async (t) => {
  const { url, client: looker } = await useRedis(t)
  const keyPrefix = createPrefix()
  const client = new Redis(url)
  const join = (source: { client: Redis } | { url: string }) =>
    redisCluster({ ...source, keyPrefix, nodeTimeout: 2000 }).join('notes', QUIET)
  const [dying, stays] = [join({ client }), join({ url })]
  await Promise.all([dying.start(), stays.start()])
  await dying.hold('ann', 2, 2)
  const before = await stays.hold('ann', 1, 2)
  client.disconnect()
  while (!await stays.hold('ann', 2, 2)) await nextTurn()
  // Redis drops the heartbeat within the same millisecond or the next one.
  while (await stays.isAlive(dying.id)) await nextTurn()

  t.equal(before, false)
  t.equal(await stays.hold('ann', 2, 2), true)
  await Promise.all([dying.close(), stays.close()])
  await removeKeys(looker, keyPrefix)
})

t.test('places that Redis lost are written again with the next heartbeat', { skip: noRedis }, async (t) => {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  const node = redisCluster({ url, keyPrefix, nodeTimeout: 600 }).join('notes', QUIET)
  const other = redisCluster({ url, keyPrefix }).join('notes', QUIET)
  await Promise.all([node.start(), other.start()])
  await node.hold('ann', 2, 2)
  await removeKeys(client, keyPrefix)
  const places = createKeys(keyPrefix, 'notes').places(node.id)
  while (await client.hget(places, ANN) !== '2') await nextTurn()

  t.equal(await other.hold('ann', 1, 2), false)
  await Promise.all([node.close(), other.close()])
  t.equal(await client.exists(places), 0)
  await removeKeys(client, keyPrefix)
})

t.test('a heartbeat writes no places if none is missing', async (t) => {
  const { asked, presence } = createPresence(0, 1, 1)
  await presence.heartbeat()
  await presence.hold('ann', 1, 5)
  await presence.heartbeat()

  t.same(asked, [['n', 1000], ['n', 1000, ANN, 1, 5], ['n', 1000]])
})

t.test('places that could not be written are written with the next successful heartbeat', async (t) => {
  const unreachable = new ClusterUnreachableError('unreachable')
  const { asked, presence } = createPresence(1, unreachable, 1, unreachable, 1, 1, 1)
  await presence.hold('bob', 1, 5)
  await t.rejects(presence.hold('ann', 2, Infinity), unreachable)
  await t.rejects(presence.heartbeat(), unreachable)
  await presence.heartbeat()
  await presence.heartbeat()

  const all = [1000, digest('bob'), 1, ANN, 2]
  t.same(asked.slice(1), [
    ['n', 1000, ANN, 2, Number.MAX_SAFE_INTEGER],
    ['n', 1000],
    all,
    ['n', 1000],
    all,
    ['n', 1000]
  ])
})

t.test('refused places are not held, unless another number was set meanwhile', async (t) => {
  const later = Promise.resolve(0)
  const { asked, presence } = createPresence(1, 0, later, 1, 0)
  await presence.hold('ann', 1, 1)
  const refused = [
    await presence.hold('ann', 2, 1),
    ...(await Promise.all([presence.hold('bob', 1, 0), presence.hold('bob', 0, Infinity)]))
  ]
  await presence.heartbeat()

  t.same(refused, [false, false, true])
  t.same(asked.at(-1), [1000, ANN, 1])
})
