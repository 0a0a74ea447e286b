// What a client has sent does not stay in Redis beyond the bounds of docs/security.md, measured by what Redis says of
// its keys.
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { McpServer } from '../../lib/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { createApp, JSON_AND_SSE, legacy, openSession, post } from '../support/app.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'

const KIB = 1024
const MIB = 1024 * KIB
const JUNK = { text: 'x'.repeat(MIB / 2), objects: Array.from({ length: 4000 }, () => ({})) }
const KEYS = { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }

function createServer (): McpServer {
  const server = new McpServer({ name: 'Kept', version: '1.0.0' }, KEYS)
  server.registerResource('note', 'note://{id}', {}, async () => 'text')
  server.registerTool('shout', {}, async (_args, ctx) => {
    for (let step = 1; step <= 12; step++) await ctx.reportProgress(step, 12, 'x'.repeat(MIB))
    return 'done'
  })
  server.registerTool('speak', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    return 'done'
  })
  return server
}

/** The bytes of all keys that fit a pattern. */
async function weigh (client: Redis, pattern: string): Promise<number> {
  let bytes = 0
  for (const key of await client.keys(pattern)) bytes += Number(await client.memory('USAGE', key, 'SAMPLES', 0))
  return bytes
}

async function setUp (t: Test) {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  const { app } = await createApp(t, { server: createServer(), cluster: redisCluster({ url, keyPrefix }) })
  const call = (headers: object, method: string, params: object, id: number | string = 1) =>
    app.inject(legacy(method, params, { id, headers: { ...headers, ...JSON_AND_SSE } }))
  return {
    app,
    call,
    measure: (kind = '') => weigh(client, `${keyPrefix}*:${kind}*`),
    keysOf: () => client.keys(`${keyPrefix}*`)
  }
}

t.test('what clients send does not stay in Redis', { skip: noRedis }, async (t) => {
  await t.test('what a client says of itself', async (t) => {
    const { app, measure } = await setUp(t)
    const before = await measure()

    for (let count = 0; count < 5; count++) {
      const params = {
        protocolVersion: '2025-11-25',
        clientInfo: { name: JUNK.text, version: JUNK.text, junk: JUNK },
        capabilities: { experimental: JUNK, junk: JUNK }
      }
      const { statusCode, body } = await post(app, { jsonrpc: '2.0', id: 1, method: 'initialize', params })
      t.equal(statusCode, 200, body.slice(0, 200))
    }

    t.ok(await measure() - before < 5 * 64 * KIB)
  })

  await t.test('the resources that a session watches', async (t) => {
    const { app, call, measure } = await setUp(t)
    const headers = await openSession(app)
    let refused = 0
    for (let number = 0; number < 60; number++) {
      const { body } = await call(headers, 'resources/subscribe', { uri: `note://${number}-${'x'.repeat(8000)}` })
      if (body.includes('"error"')) refused++
    }
    t.ok(refused > 0, 'the cap was reached')
    t.ok(await measure('s:') < MIB)
  })

  await t.test('a resource that is watched in any number of spellings', async (t) => {
    const { app, call, measure } = await setUp(t)
    const headers = await openSession(app)
    for (let number = 0; number < 300; number++) {
      // Each bit of the number writes one letter as itself or as an escape.
      const letters = Array.from({ length: 9 }, (_value, bit) => (number >> bit) % 2 === 0 ? 'x' : '%78').join('')
      t.match((await call(headers, 'resources/subscribe', { uri: `note://${letters}${'y'.repeat(7900)}` })).json(), {
        result: {}
      })
    }
    t.ok(await measure('s:') < 64 * KIB)

    await call(headers, 'resources/unsubscribe', { uri: `note://${'x'.repeat(9)}${'y'.repeat(7900)}` })
    t.ok(await measure('s:') < 8 * KIB, 'and one of them ends it')
  })

  await t.test('the events of a stream', async (t) => {
    const { app, call, measure } = await setUp(t)
    const headers = await openSession(app)
    const { body } = await call(headers, 'tools/call', { name: 'shout', arguments: {}, _meta: { progressToken: 1 } })
    t.ok(body.length > 12 * MIB)
    t.ok(await measure('e:') < 10 * MIB)
  })

  await t.test('calls that have ended, and ids that are refused', async (t) => {
    const { app, call, measure } = await setUp(t)
    const headers = await openSession(app)
    const speak = (id: string, progressToken: string) =>
      call(headers, 'tools/call', { name: 'speak', arguments: {}, _meta: { progressToken } }, id)
    await speak('first', 'first')
    const before = [await measure('s:'), await measure('q:')]
    for (let number = 0; number < 100; number++) {
      t.match((await speak(`${number}-${'x'.repeat(200)}`, 'y'.repeat(200))).body, /"result"/)
    }
    t.match((await speak(JUNK.text, 'token')).body, /256 bytes/)
    t.ok(await measure('s:') - Number(before[0]) < KIB, 'of a call that has ended the session knows nothing')
    t.ok(await measure('q:') - Number(before[1]) < KIB, 'nor its number')
  })

  await t.test('streams and sessions that never were', async (t) => {
    const { app, keysOf, measure } = await setUp(t)
    const headers = await openSession(app)
    await post(app, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers)
    const before = [await keysOf(), await measure()]
    const session = String(headers['mcp-session-id'])
    for (let number = 0; number < 100; number++) {
      const resume = {
        ...headers,
        accept: 'text/event-stream',
        'last-event-id': `${session}.n${number}-1.${number + 1}`
      }
      t.equal((await app.inject({ method: 'GET', url: '/mcp', headers: resume })).statusCode, 400)
      const other = { ...headers, 'mcp-session-id': `00000000-0000-4000-8000-${String(number).padStart(12, '0')}` }
      t.equal((await post(app, { jsonrpc: '2.0', id: 1, method: 'ping' }, other)).statusCode, 404)
    }
    t.same((await keysOf()).sort(), [...before[0] as string[]].sort())
    t.ok(await measure() - Number(before[1]) < KIB)
  })
})
