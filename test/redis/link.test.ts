import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { connect } from '../../lib/redis/connections.ts'
import { RedisLink } from '../../lib/redis/link.ts'
import { until } from '../support/stream.ts'

/** A server that begins connections as Redis does, and answers PING only when told to, which no Redis can do. */
async function createSilentRedis (t: Test) {
  const pings: Socket[] = []
  const sockets = new Set<Socket>()
  const awake = new Set<Socket>()
  const answer = (socket: Socket): void => { if (awake.has(socket)) socket.write('+PONG\r\n') }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('data', (data) => {
      for (const [, name] of String(data).matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        if (name?.toLowerCase() !== 'ping') socket.write('+OK\r\n')
        else { pings.push(socket); answer(socket) }
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { for (const socket of sockets) socket.destroy(); server.close() })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The connections, in the order in which they were opened. */
    sockets,
    /** One for each PING. */
    pings,
    /** Answers on these connections from now on, also the commands that already wait. */
    wake (connections: Iterable<Socket>) {
      for (const socket of connections) awake.add(socket)
      for (const socket of pings) answer(socket)
    }
  }
}

function createLink (url: string, commandTimeout: number): RedisLink {
  return new RedisLink({
    connect: (events) =>
      connect({
        make: (options) => new Redis(url, { ...options, protocol: 2, enableReadyCheck: false }),
        timeout: commandTimeout
      }, events),
    commandTimeout,
    nodeTimeout: 60_000
  })
}

function createUser () {
  const reported: string[] = []
  return {
    reported,
    onOutage: ({ message, cause }: Error) => { reported.push(`${message}: ${(cause as Error).message}`) },
    onRecovery: () => { reported.push('back') },
    onGap: () => { reported.push('gap') },
    onHeartbeat: () => { reported.push('heartbeat') }
  }
}

t.test('a Redis that accepts connections but does not answer is one outage, until it answers', async (t) => {
  const { url, sockets, pings, wake } = await createSilentRedis(t)
  const link = createLink(url, 300)
  const user = createUser()
  t.teardown(() => link.leave(user))

  await link.enter(user)
  const first = pings.length
  // Later attempts are not answered in time, either.
  await until(() => pings.length > first + 1)
  const meanwhile = [...user.reported]
  wake(sockets)
  await until(() => !link.isUnreachable)

  t.same(meanwhile, ['Redis is unreachable: no answer within 300 ms'])
  t.same(user.reported, [...meanwhile, 'heartbeat', 'back'])
  t.ok(link.isJustBack)
})

t.test('a Redis that answers on only one of the connections is an outage', async (t) => {
  const { url, sockets, wake } = await createSilentRedis(t)
  const link = createLink(url, 300)
  const user = createUser()
  t.teardown(() => link.leave(user))
  const entering = link.enter(user)
  await until(() => sockets.size === 2)
  const [first, ...others] = sockets
  wake([first ?? assert.fail()])
  await entering

  t.same(user.reported, ['Redis is unreachable: no answer within 300 ms'])
  wake(others)
  await until(() => !link.isUnreachable)
  t.same(user.reported.slice(1), ['heartbeat', 'back'])
})

t.test('a link that is left while it waits for an answer calls no listener, and may be entered again', async (t) => {
  const { url, sockets, pings, wake } = await createSilentRedis(t)
  const link = createLink(url, 60_000)
  const [first, second] = [createUser(), createUser()]

  const entering = link.enter(first)
  await until(() => pings.length === 2)
  link.leave(first)
  link.leave(first)
  await entering
  const again = link.enter(second)
  await until(() => pings.length === 4)
  wake(sockets)
  await again

  t.same([first.reported, second.reported], [[], []])
  t.notOk(link.isUnreachable)
  t.notOk(link.isJustBack)
  link.leave(second)
  t.ok(link.isUnreachable)
})
