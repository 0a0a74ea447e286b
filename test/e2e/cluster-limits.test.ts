// Which limits hold over all nodes, and which on each of them, on a real Redis.
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, type AuthOptions } from '../../lib/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { initialize, legacy, openSession } from '../support/app.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { createGate, listen, send, until } from '../support/stream.ts'

const auth: AuthOptions = {
  authenticate: ({ headers }) => ({ token: '', clientId: 'app', scopes: [], subject: String(headers['x-user']) })
}
const ANN = { 'x-user': 'ann' }

/** Starts two nodes with a tool that waits, and tells which nodes have been asked for it. */
async function startNodes (t: Test) {
  const { url } = await useRedis(t)
  const keyPrefix = createPrefix()
  const over = createGate()
  const running: number[] = []
  const nodes = await Promise.all([0, 1].map(async (index) => {
    const app = Fastify()
    const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } })
    server.registerTool('wait', {}, async () => {
      running.push(index)
      await over.promise
      return 'done'
    })
    app.register(mcpPlugin, {
      server,
      auth,
      maxSessionsPerPrincipal: 2,
      maxCallsInFlightPerSession: 1,
      cluster: redisCluster({ url, keyPrefix })
    })
    t.teardown(() => app.close())
    return { app, address: await listen(app) }
  }))
  const [a, b] = nodes
  if (a === undefined || b === undefined) throw new Error('there are no nodes')
  return { a, b, running, finish: () => over.open() }
}

t.test('a principal has maxSessionsPerPrincipal sessions on all nodes together', { skip: noRedis }, async (t) => {
  const { a, b } = await startNodes(t)

  const opened = [
    await a.app.inject(initialize('2025-11-25', { headers: ANN })),
    await b.app.inject(initialize('2025-11-25', { headers: ANN }))
  ]
  const over = [
    await a.app.inject(initialize('2025-11-25', { headers: ANN })),
    await b.app.inject(initialize('2025-11-25', { headers: ANN }))
  ]
  const other = await b.app.inject(initialize('2025-11-25', { headers: { 'x-user': 'bob' } }))

  t.same(opened.map(({ statusCode }) => statusCode), [200, 200])
  t.same(over.map(({ statusCode }) => statusCode), [429, 429])
  t.match(over[1]?.json(), { error: { message: /^Too many open sessions of one caller: 2/ } })
  t.equal(other.statusCode, 200)
})

t.test('a session has maxCallsInFlightPerSession calls on each node', { skip: noRedis }, async (t) => {
  const { a, b, running, finish } = await startNodes(t)
  const headers = { ...await openSession(a.app, '2025-11-25', { headers: ANN }), ...ANN }
  const call = legacy('tools/call', { name: 'wait' }, { headers })

  const served = [send(a.address, call), send(b.address, call)]
  await until(() => running.length === 2)
  const over = await Promise.all([a, b].map(({ app }) => app.inject(legacy('ping', {}, { headers }))))
  finish()

  t.same(over.map(({ statusCode }) => statusCode), [429, 429])
  t.same([...running].sort(), [0, 1])
  t.match(await Promise.all(served.map(async (reply) => (await reply).status)), [200, 200])
})
