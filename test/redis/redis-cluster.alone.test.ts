import { setImmediate as nextTurn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import type { Cluster, ClusterListeners, ClusterNode } from '../../lib/store/cluster.ts'
import { clusterContract, clusterOutageContract } from '../../lib/contracts/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { createKeys } from '../../lib/redis/keys.ts'
import { runContracts } from '../support/contract.ts'
import { until } from '../support/stream.ts'
import { createPrefix, noRedis, noServer, startRedis, useRedis, type OwnRedisServer } from '../support/redis-server.ts'
import { removeKeys, startNodes, useNodes } from './subject.ts'

// Redis is waited for that hangs.
t.setTimeout(120_000)

const QUIET: ClusterListeners = { onOutage () {}, onRecovery () {} }
const SESSION = { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'info' } as const
const LIMITS = { max: 10, ttl: 60_000 }

/** Each node listens, then sends an event and a message with its number. Returns what each of them received. */
async function listenAndTell (nodes: readonly ClusterNode[]): Promise<readonly string[][]> {
  const heard: string[][] = nodes.map(() => [])
  for (const [index, node] of nodes.entries()) {
    await node.events.follow('s.0', ({ message }) => heard[index]?.push(message))
    node.bus.subscribe('topic', (message) => heard[index]?.push(message))
  }
  for (const [index, node] of nodes.entries()) {
    await node.events.append('s.0', `event ${index}`)
    await node.bus.publish('topic', `message ${index}`)
  }
  return heard
}

t.test('a cluster on Redis', { skip: noRedis }, async (t) => {
  const { url, client } = await useRedis(t)

  await runContracts(t, clusterContract(() => {
    const keyPrefix = createPrefix()
    return {
      clusters: [redisCluster({ url, keyPrefix }), redisCluster({ url, keyPrefix })],
      stop: () => removeKeys(client, keyPrefix)
    }
  }))
})

/** The kinds of outages: how each begins and ends. */
const OUTAGES: {
  readonly [kind: string]: (server: OwnRedisServer) => { interrupt (): Promise<void>, restore (): Promise<void> }
} = {
  'is killed': (server) => ({ interrupt: () => server.kill(), restore: () => server.restart() }),
  hangs: (server) => ({ interrupt: async () => server.pause(), restore: async () => server.resume() })
}

/** The ways to create a cluster, and how to close what each of them opened. */
const SOURCES: {
  readonly [way: string]: (url: string, keyPrefix: string) => { readonly cluster: Cluster, readonly end: () => void }
} = {
  'by a URL': (url, keyPrefix) => ({ cluster: redisCluster({ url, keyPrefix, commandTimeout: 1000 }), end () {} }),
  'by a client': (url, keyPrefix) => {
    const client = new Redis(url)
    client.on('error', () => {})
    return { cluster: redisCluster({ client, keyPrefix, commandTimeout: 1000 }), end: () => client.disconnect() }
  }
}

for (const [how, interruptible] of Object.entries(OUTAGES)) {
  for (const [source, create] of Object.entries(SOURCES)) {
    t.test(`a cluster that is given ${source}, of which the Redis ${how}`, { skip: noServer }, async (t) => {
      const server = await startRedis(t)

      await runContracts(t, clusterOutageContract(() => {
        const keyPrefix = createPrefix()
        const sources = [create(server.url, keyPrefix), create(server.url, keyPrefix)] as const
        return {
          clusters: [sources[0].cluster, sources[1].cluster],
          ...interruptible(server),
          stop () {
            for (const { end } of sources) end()
          }
        }
      }))
    })
  }
}

/** Describes an outage. Loggers put the message of the cause behind that of the error. */
function describeOutage ({ message, cause }: Error): string {
  return `${message}: ${cause instanceof Error ? cause.message : String(cause)}`
}

/** Starts a node that records the calls of its listeners. */
async function startWatched (t: Test, cluster: Cluster) {
  const reported: string[] = []
  const node = cluster.join('notes', {
    onOutage: (error) => { reported.push(describeOutage(error)) },
    onRecovery: () => { reported.push('back') },
    onGap: () => { reported.push('gap') }
  })
  await node.start()
  t.teardown(() => node.close())
  return { node, reported }
}

t.test('a connection that breaks for a moment loses only published messages: commands wait meanwhile', { skip: noServer }, async (t) => {
  const { url, client } = await startRedis(t)
  for (const type of ['normal', 'pubsub']) {
    const clusterClient = new Redis(url)
    t.teardown(() => clusterClient.disconnect())
    const { node, reported } = await startWatched(t, redisCluster({ client: clusterClient, keyPrefix: createPrefix() }))
    const heard: string[] = []
    node.bus.subscribe('topic', (message) => heard.push(message))
    await until(() => !node.isUnreachable)

    await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
    const asked = await Promise.all([
      node.sessions.count(),
      node.sessions.load('s', LIMITS.ttl),
      node.events.read('s.0', 0)
    ])
    await until(() => reported.includes('gap'))
    await node.bus.publish('topic', 'message')
    await until(() => heard.length > 0)

    t.same(asked, [0, undefined, []])
    t.same(reported, ['gap'], type)
    t.same(heard, ['message'])
    await node.close()
  }
})

t.test('a Redis that restarts within commandTimeout loses only what it did not persist', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const { node, reported } = await startWatched(t, redisCluster({ url: server.url, commandTimeout: 30_000 }))

  await server.kill()
  // A command that was sent before the connection was known to be lost, and must not run twice, fails.
  const asked = Promise.allSettled([node.events.append('s.0', 'event'), node.sessions.count()])
  await server.restart()
  await asked

  t.equal(await node.sessions.count(), 0)
  await until(() => reported.length > 0)
  t.same(reported, ['gap'])
})

t.test('a blocked event loop is not taken for an outage', { skip: noRedis }, async (t) => {
  const { url } = await useRedis(t)
  const { node, reported } = await startWatched(
    t, redisCluster({ url, keyPrefix: createPrefix(), commandTimeout: 1000 })
  )
  await node.sessions.count()

  const asked = node.sessions.count()
  // Blocks this thread and leaves the core to Redis, which has to answer within commandTimeout.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)

  t.equal(await asked, 0)
  t.same(reported, [])
})

t.test('a Redis that hangs is noticed even if no command is sent', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const { reported } = await startWatched(t, redisCluster({ url: server.url, commandTimeout: 1000, nodeTimeout: 1500 }))

  server.pause()
  await until(() => reported.length === 1)
  server.resume()
  await until(() => reported.length === 2)

  t.match(reported, ['Redis is unreachable: no answer within 1000 ms', 'back'])
})

t.test('an outage begins if Redis is not there when a node starts, or never answers', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  server.pause()
  const hanging = await startWatched(t, redisCluster({ url: server.url, commandTimeout: 500 }))
  server.resume()
  await until(() => !hanging.node.isUnreachable)
  await server.kill()
  const absent = await startWatched(t, redisCluster({ url: server.url }))

  t.match(hanging.reported.slice(0, 2), [/^Redis is unreachable: /, 'back'])
  t.match(absent.reported, [/^Redis is unreachable: (connect )?ECONNREFUSED/])
  await t.rejects(absent.node.sessions.count(), {
    name: 'ClusterUnreachableError',
    cause: { message: /ECONNREFUSED/, code: 'ECONNREFUSED' }
  })
})

t.test('a client that the app has closed is an outage', { skip: noRedis }, async (t) => {
  const { url } = await useRedis(t)
  const client = new Redis(url)
  const { node, reported } = await startWatched(t, redisCluster({ client, keyPrefix: createPrefix() }))
  client.disconnect()
  await until(() => reported.length > 0)

  t.same(reported, ['Redis is unreachable: the connection was closed'])
  await t.rejects(node.sessions.count(), { name: 'ClusterUnreachableError' })
})

t.test('a Redis that allows no subscription is an outage with that reason', { skip: noServer }, async (t) => {
  const { url, client } = await startRedis(t)
  await client.acl('SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'resetchannels')
  const { node, reported } = await startWatched(t, redisCluster({ url: url.replace('redis://', 'redis://deaf:secret@') }))
  node.bus.subscribe('topic', () => {})
  await until(() => reported.length > 0)
  const meanwhile = [...reported]
  await client.acl('SETUSER', 'deaf', 'allchannels')
  await until(() => !node.isUnreachable)

  t.match(meanwhile, [/^Redis is unreachable: NOPERM/])
  t.equal(reported.at(-1), 'back')
  t.equal(reported.length, 2)
})

t.test('an error that says that Redis cannot write for now is an outage, and changes nothing else', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const { node, reported } = await startWatched(t, redisCluster({ url: server.url }))
  await node.sessions.open('s', SESSION, LIMITS)
  await server.client.config('SET', 'maxmemory', '1')

  await t.rejects(node.sessions.open('t', SESSION, LIMITS), { name: 'ClusterUnreachableError', cause: { message: /^OOM/ } })
  await t.rejects(
    async () => { await node.events.append('s.0', 'event') },
    { name: 'ClusterUnreachableError', cause: { message: /^OOM/ } }
  )
  t.same(await node.sessions.load('s', LIMITS.ttl), SESSION)
  t.equal(await node.sessions.count(), 1)
  await server.client.config('SET', 'maxmemory', '0')

  t.equal((await node.sessions.open('t', SESSION, LIMITS)).kind, 'opened')
  t.same(reported, [])
})

t.test('an error of stored data is not an outage', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)
  const { nodes: [node], keyPrefix } = await useNodes(t, server)
  await server.client.set(`${keyPrefix}{notes}:s:s`, 'a string')

  await t.rejects(node.sessions.load('s', LIMITS.ttl), { name: 'ReplyError', message: /WRONGTYPE/ })
  t.notOk(node.isUnreachable)
})

t.test('a node that dies silently counts as dead after nodeTimeout', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)
  const keyPrefix = createPrefix()
  const client = new Redis(server.url)
  const dying = redisCluster({ client, keyPrefix, nodeTimeout: 2000 }).join('notes', QUIET)
  const { node } = await startWatched(t, redisCluster({ url: server.url, keyPrefix, nodeTimeout: 2000 }))
  await dying.start()
  await until(() => !dying.isUnreachable)
  const before = await node.isAlive(dying.id)
  client.disconnect()
  while (await node.isAlive(dying.id)) await nextTurn()

  t.ok(before)
  t.ok(await node.isAlive(node.id), 'one that goes on is renewed')
  await dying.close()
})

t.test('after an outage no node counts as dead before it had time for a heartbeat', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const { node, reported } = await startWatched(
    t,
    redisCluster({ url: server.url, commandTimeout: 500, nodeTimeout: 60_000 })
  )
  const unheard = await node.isAlive('other')
  await server.kill()
  await server.restart()
  await until(() => reported.length > 0 && !node.isUnreachable)

  t.notOk(unheard)
  t.ok(await node.isAlive('other'))
})

t.test('a client that the user passed stays open, and one that was created is closed', { skip: noServer }, async (t) => {
  const { url, client: looker } = await startRedis(t)
  const countConnections = async (): Promise<number> => String(await looker.client('LIST')).trim().split('\n').length
  const client = new Redis(url, { lazyConnect: true })
  t.teardown(() => client.disconnect())
  const before = await countConnections()

  const nodes = [redisCluster({ client }).join('notes', QUIET), redisCluster({ url }).join('notes', QUIET)]
  for (const node of nodes) await node.start()
  const during = await countConnections()
  for (const node of nodes) await node.close()
  for (const node of nodes) {
    await t.rejects(
      node.sessions.count(),
      { name: 'ClusterUnreachableError', cause: { message: 'it is no longer used' } }
    )
  }
  for (const node of nodes) await node.close()
  while (await countConnections() > before + 1) await nextTurn()

  t.equal(during, before + 4)
  t.equal(await client.ping(), 'PONG')
  t.same(client.listenerCount('error'), 0)
})

t.test('mounts of one object share its connections', { skip: noServer }, async (t) => {
  const { url, client } = await startRedis(t)
  const cluster = redisCluster({ url })
  const nodes = ['notes', 'tasks', 'notes'].map((mount) => cluster.join(mount, QUIET))
  for (const node of nodes) await node.start()

  t.equal(String(await client.client('LIST')).trim().split('\n').length, 3)
  for (const node of nodes) await node.close()
})

t.test('the key prefix of a client applies to channels, too', { skip: noRedis }, async (t) => {
  const { url, client: looker } = await useRedis(t)
  const [one, other] = [createPrefix(), createPrefix()]
  const clients = [one, other].map((keyPrefix) => new Redis(url, { keyPrefix }))
  const nodes = clients.map((client) => redisCluster({ client }).join('notes', QUIET))
  t.teardown(async () => {
    for (const node of nodes) await node.close()
    for (const client of clients) client.disconnect()
    for (const prefix of [one, other]) await removeKeys(looker, prefix)
  })
  for (const node of nodes) await node.start()
  const heard = await listenAndTell(nodes)
  await until(() => heard.every(({ length }) => length === 2))

  t.same(heard, [['event 0', 'message 0'], ['event 1', 'message 1']])
  t.same((await looker.keys(`${one}*`)).sort(), [
    `${one}mcp:{notes}:e:s.0`,
    `${one}mcp:{notes}:n:${nodes[0]?.id}`,
    `${one}mcp:{notes}:nodes`,
    `${one}mcp:{notes}:q:s`
  ])
})

t.test('messages stay within one database and one prefix', { skip: noServer }, async (t) => {
  const { url } = await startRedis(t)
  const other = new Redis(url, { db: 2 })
  t.teardown(() => other.disconnect())
  const clusters = [
    redisCluster({ url }),
    redisCluster({ url: `${url}/1` }),
    redisCluster({ client: other }),
    redisCluster({ url: `${url}?db=3` }),
    redisCluster({ url: `${url}?keyPrefix=app:` }), redisCluster({ url, keyPrefix: 'other:' })
  ]
  const nodes = await Promise.all(clusters.map(async (cluster) => (await startWatched(t, cluster)).node))
  const heard = await listenAndTell(nodes)
  await until(() => heard.every(({ length }) => length >= 2))

  t.same(heard, nodes.map((_node, index) => [`event ${index}`, `message ${index}`]))
})

t.test('a follower that was cut off for a while gets the next event', { skip: noServer }, async (t) => {
  const { url, client } = await startRedis(t)
  await client.acl('SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'allchannels')
  const [writer, follower] = [
    await startWatched(t, redisCluster({ url })),
    await startWatched(t, redisCluster({ url: url.replace('redis://', 'redis://deaf:secret@') }))
  ]
  const heard: unknown[] = []
  const { end } = await follower.node.events.follow('s.0', ({ seq }) => heard.push(seq))
  await follower.node.events.follow('other.0', () => {})
  await writer.node.events.append('s.0', 'one')
  await until(() => heard.length === 1)

  // Redis disconnects subscribers that lose the permission for their channel.
  await client.acl('SETUSER', 'deaf', 'resetchannels')
  await until(() => follower.node.isUnreachable)
  await writer.node.events.append('s.0', 'meanwhile')
  await client.acl('SETUSER', 'deaf', 'allchannels')
  await until(() => !follower.node.isUnreachable)
  await writer.node.events.append('s.0', 'next')
  await until(() => heard.length === 2)
  end()

  t.same(heard, [1, 3])
  t.same(writer.reported, [])
})

t.test('every operation takes as many round trips as documented', { skip: noServer }, async (t) => {
  const server = await startRedis(t)
  const client = new Redis(server.url)
  t.teardown(() => client.disconnect())
  const node = redisCluster({ client, nodeTimeout: 600_000 }).join('notes', QUIET)
  await node.start()
  const { sessions, events, bus } = node
  const ids = Array.from({ length: 501 }, (_, index) => `s${index}`)
  const sent: string[] = []
  const monitor = await server.client.monitor()
  t.teardown(() => monitor.disconnect())
  // What scripts run within Redis is of the source 'lua'.
  monitor.on('monitor', (_time, [command = '']: string[], source) => {
    if (source !== 'lua') sent.push(command.toLowerCase())
  })
  const commandsOf = async (operate: () => unknown): Promise<string[]> => {
    // Once so that Redis knows the scripts.
    await operate()
    await server.client.echo('begin')
    await operate()
    await server.client.echo('end')
    await until(() => sent.at(-1) === 'echo' && sent.indexOf('echo') < sent.length - 1)
    const all = sent.splice(0)
    return all.slice(all.indexOf('echo') + 1, -1)
  }

  t.same(await commandsOf(() => sessions.open('s', SESSION, LIMITS)), ['evalsha'])
  t.same(await commandsOf(() => sessions.load('s', LIMITS.ttl)), ['evalsha'])
  t.same(await commandsOf(() => sessions.renew('s', LIMITS.ttl)), ['evalsha'])
  t.same(await commandsOf(() => sessions.readState('s')), ['hgetall'])
  t.same(await commandsOf(() => sessions.connect('s', 'n')), ['evalsha'])
  t.same(await commandsOf(() => sessions.touch(['s'], LIMITS.ttl)), ['evalsha'])
  t.same(await commandsOf(() => sessions.touch(ids, LIMITS.ttl)), ['evalsha', 'evalsha'])
  t.same(await commandsOf(() => sessions.count()), ['evalsha'])
  for (const change of [
    { kind: 'logLevel', level: 'debug' }, { kind: 'subscribe', topic: 'a', uri: 'a' }, { kind: 'unlisten', node: 'n' },
    { kind: 'begin', streamId: 's.1', ids: [1] }, { kind: 'end', streamId: 's.1' }
  ] as const) t.same(await commandsOf(() => sessions.change('s', change)), ['evalsha'], change.kind)
  t.same(await commandsOf(() => sessions.change('s', { kind: 'unsubscribe', topic: 'a' })), ['hdel'])
  t.same(await commandsOf(() => events.append('s.0', 'event')), ['evalsha'])
  t.same(await commandsOf(() => events.read('s.0', 0)), ['evalsha'])
  t.same(await commandsOf(() => events.follow('s.0', () => {})), ['evalsha'], 'subscribed by the first time')
  t.same(
    await commandsOf(async () => { ;(await events.follow('s.1', () => {})).end() }),
    ['subscribe', 'evalsha', 'unsubscribe']
  )
  t.same(await commandsOf(() => events.forget('s')), ['hkeys', 'del'])
  t.same(await commandsOf(() => bus.publish('topic', 'message')), ['publish'])
  t.same(await commandsOf(() => sessions.delete('s')), ['evalsha'])
  t.same(await commandsOf(() => sessions.change('s', { kind: 'use' })), ['zrem'])
  t.same(await commandsOf(() => node.hold('ann', 1, 1)), ['eval'])
  t.same(await commandsOf(() => node.isAlive('n')), ['exists'])
  await node.close()
})

// What a node renews.
function isOfNode (key: string): boolean {
  return /:(?:n:|p:|nodes$)/.test(key)
}

t.test('every key expires, and none lives longer than documented', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)
  const {
    nodes: [node],
    keyPrefix,
    pass
  } = await useNodes(t, server, { events: { maxAge: 60_000 }, nodeTimeout: 30_000 })
  const ttl = 600_000
  for (const id of ['s', 'idle']) await node.sessions.open(id, SESSION, { max: 10, ttl })
  await node.sessions.change('s', { kind: 'subscribe', topic: 'a', uri: 'notes://a' })
  await node.sessions.change('s', { kind: 'begin', streamId: 's.n-1', ids: [1] })
  for (const streamId of ['s.0', 's.n-1', 'gone.0']) await node.events.append(streamId, 'event')
  await node.sessions.open('held', SESSION, { max: 10, ttl, share: { holder: 'ann', max: 1 }, displaces: true })
  await node.hold('ann', 1, 1)
  await node.sessions.load('s', ttl)
  const keys = createKeys(keyPrefix, 'notes')
  const name = (key: string): string => `${keyPrefix}{notes}:${key}`

  const left = new Map<string, number>()
  for (const key of await server.client.keys(`${keyPrefix}*`)) left.set(key, await server.client.pttl(key))
  const longest: Readonly<Record<string, number>> = {
    [name('s:s')]: ttl,
    [name('s:idle')]: ttl,
    [name('s:held')]: ttl,
    [name('open')]: ttl,
    [keys.unused]: ttl,
    [keys.holder('ann')]: ttl,
    [keys.nodes]: 30_000,
    [keys.places(node.id)]: 30_000,
    [name('q:s')]: ttl,
    [name('e:s.0')]: 60_000,
    [name('e:s.n-1')]: 60_000,
    [name('e:gone.0')]: 60_000,
    [name('q:gone')]: 60_000,
    [name(`n:${node.id}`)]: 30_000
  }
  t.same(
    [...left.keys()].filter((key) => !isOfNode(key)).sort(),
    Object.keys(longest)
      .filter((key) => !isOfNode(key))
      .sort()
  )
  for (const [key, milliseconds] of left) {
    const most = longest[key] ?? 30_000
    t.ok(milliseconds > most / 2 && milliseconds <= most, `${key} lives ${milliseconds} of ${most} ms`)
  }
  await pass(ttl + 1000)
  t.same((await server.client.keys(`${keyPrefix}*`)).filter((key) => !isOfNode(key)), [])
})

t.test('everything works on a Redis Cluster, where a script may use the keys of one slot', { skip: noServer }, async (t) => {
  const server = await startRedis(
    t,
    '--cluster-enabled',
    'yes',
    '--cluster-config-file',
    `nodes-${createPrefix().slice(0, -1)}.conf`,
    '--dir',
    t.testdir()
  )
  await server.client.cluster('ADDSLOTSRANGE', 0, 16_383)
  while (!String(await server.client.cluster('INFO')).includes('cluster_state:ok')) await nextTurn()
  const { nodes: [node, other], stop } = await startNodes(server)

  const limits = { ...LIMITS, max: 1, share: { holder: 'ann', max: 2 }, displaces: true }
  await node.sessions.open('displaced', SESSION, limits)
  t.same(await node.sessions.open('s', SESSION, limits), { kind: 'opened', displaced: 'displaced' })
  t.same([await node.hold('ann', 1, 1), await other.hold('ann', 1, 1)], [true, false])
  t.same(await node.sessions.load('s', LIMITS.ttl), SESSION)
  t.same(await node.sessions.touch(['s', 't'], LIMITS.ttl), ['t'])
  await node.sessions.change('s', { kind: 'end', streamId: 's.1' })
  for (const streamId of ['s.0', 's.1']) t.equal(await node.events.append(streamId, 'event'), 1)
  t.same(await node.events.read('s.0', 0), [{ seq: 1, message: 'event' }])
  await node.events.forget('s')
  t.equal(await node.sessions.delete('s'), true)
  t.equal(await node.sessions.count(), 0)
  await stop()
})
