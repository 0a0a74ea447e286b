import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t from 'tap'
import { ClusterUnreachableError } from '../../lib/errors.ts'
import { createKeys, digest } from '../../lib/redis/keys.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import type { RedisLink } from '../../lib/redis/link.ts'
import { Presence } from '../../lib/redis/presence.ts'
import { runScript, type Script } from '../../lib/redis/scripts.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { removeKeys } from './subject.ts'

const QUIET = { onOutage () {}, onRecovery () {} }
const ANN = digest('ann')

/** A promise, and the function that resolves it. */
function createSignal<T> () {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}

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
  const settings = { id: 'n', nodeTimeout: 1000, onPresumedDead () {} }
  return { asked, presence: new Presence(link, createKeys('', 'notes'), settings) }
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

t.test('a node whose heartbeat has expired is told that others may have found it dead, but not at its start', async (t) => {
  const { link } = createLink([0, 1, 0, 1])
  let told = 0
  const settings = { id: 'n', nodeTimeout: 1000, onPresumedDead: () => { told++ } }
  const presence = new Presence(link, createKeys('', 'notes'), settings)
  const counts: number[] = []
  for (let beat = 0; beat < 4; beat++) {
    await presence.heartbeat()
    counts.push(told)
  }

  t.same(counts, [0, 0, 1, 1])
})

t.test('a node whose heartbeat Redis has dropped tells its mount with the next one', { skip: noRedis }, async (t) => {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  const told = new Promise<void>((resolve) => {
    const cluster = redisCluster({ url, keyPrefix, nodeTimeout: 600 })
    const node = cluster.join('notes', { ...QUIET, onPresumedDead: resolve })
    t.teardown(() => node.close())
    node.start().then(() => client.del(createKeys(keyPrefix, 'notes').node(node.id)))
  })

  await t.resolves(told)
})

t.test('refused places are never written again, however many are asked for at once', async (t) => {
  const { asked, presence } = createPresence(1, 0, 0, 0)
  await presence.hold('ann', 1, 1)

  const held = await Promise.all([2, 3].map((count) => presence.hold('ann', count, 1)))
  await presence.heartbeat()

  t.same(held, [false, false])
  t.same(asked.at(-1), [1000, ANN, 1])
})

t.test('places are written again only when it is known whether those on their way are held', async (t) => {
  const answer = createSignal<number>()
  const restored = createSignal<number>()
  const { asked, presence } = createPresence(1, answer.promise, 0, restored.promise, 1)
  await presence.hold('ann', 1, 1)

  const refused = presence.hold('ann', 2, 1)
  const heartbeat = presence.heartbeat()
  await nextTurn()
  const before = asked.length
  answer.resolve(0)
  await nextTurn()
  const later = presence.hold('ann', 0, Infinity)
  await nextTurn()
  const during = asked.length
  restored.resolve(1)

  t.same([await refused, await later, await heartbeat], [false, true, undefined])
  t.same([before, during], [3, 4])
  t.same(asked.slice(3), [[1000, ANN, 1], ['n', 1000, ANN, 0, Number.MAX_SAFE_INTEGER]])
})

t.test('the places of a node whose heartbeat is late are counted by other nodes', { skip: noRedis }, async (t) => {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  const [late, other] = [1, 2].map(() => redisCluster({ url, keyPrefix }).join('notes', QUIET))
  await Promise.all([late?.start(), other?.start()])
  await client.zrem(createKeys(keyPrefix, 'notes').nodes, String(late?.id))

  const held = [await late?.hold('ann', 4, 6), await other?.hold('ann', 6, 6), await other?.hold('ann', 2, 6)]

  t.same(held, [true, false, true])
  await Promise.all([late?.close(), other?.close()])
  await removeKeys(client, keyPrefix)
})

t.test('a node that has left takes no places', async (t) => {
  const { asked, link } = createLink([])
  const left = Object.assign(link, { run: async () => 1 })
  const presence = new Presence(left, createKeys('', 'notes'), { id: 'n', nodeTimeout: 1000, onPresumedDead () {} })
  await presence.leave()

  t.equal(await presence.hold('ann', 1, 1), true)
  t.same(asked, [])
})

t.test('numbers of places reach a Redis that has just started in the order in which they were set', async (t) => {
  const reached: unknown[] = []
  const scripts = new Set<unknown>()
  // A Redis whose other clients have it learn the script between two commands of this one.
  const client = {
    evalsha: async (sha: string, _keys: number, ...args: readonly unknown[]) => {
      const isKnown = scripts.has(sha)
      scripts.add(sha)
      if (!isKnown) throw new Error('NOSCRIPT No matching script')
      reached.push(args.at(-2))
      return 1
    },
    eval: async (_lua: string, _keys: number, ...args: readonly unknown[]) => {
      reached.push(args.at(-2))
      return 1
    }
  } as unknown as Redis // a presence uses no other commands
  const link = {
    runScript: async (script: Script, keys: readonly string[], args: ReadonlyArray<string | number>) =>
      await runScript(client, script, keys, args)
  } as unknown as RedisLink // nor other members of the link
  const presence = new Presence(link, createKeys('', 'notes'), { id: 'n', nodeTimeout: 1000, onPresumedDead () {} })

  await Promise.all([1, 2, 3].map((count) => presence.hold('ann', count, 6)))

  t.same(reached, [1, 2, 3])
})
