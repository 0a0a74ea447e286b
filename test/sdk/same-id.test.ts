// Clients that send several requests with one id at once, in one session: each gets its own answer.
import t from 'tap'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Mountable } from '../../lib/index.ts'
import { findFreeId } from '../../lib/sdk/free-id.ts'
import { legacy, openSession } from '../support/app.ts'
import { createGate, type Gate } from '../support/stream.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

const COUNT = 12

type Wait = (number: number) => Promise<ReturnType<typeof said>>

function makeV1 (wait: Wait) {
  const server = createV1()
  server.registerTool('wait', { inputSchema: { number: z.number() } }, ({ number }) => wait(number))
  return server
}

function makeV2 (wait: Wait): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('wait', { inputSchema: z.object({ number: z.number() }) }, ({ number }) => wait(number))
  return server
}

const forms: Readonly<Record<string, (wait: Wait) => Mountable | Promise<Mountable>>> = {
  'a v1 instance': makeV1,
  'a v1 factory': (wait) => () => makeV1(wait),
  'a v2 factory': (wait) => () => makeV2(wait),
  'a v2 handler': (wait) => createMcpHandler(() => makeV2(wait)),
  'a fetch with sessions of its own': async (wait) => {
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => 'inner' })
    await makeV1(wait).connect(transport)
    return { fetch: (request, options) => transport.handleRequest(request, options) }
  }
}

for (const [title, create] of Object.entries(forms)) {
  t.test(`${title} answers simultaneous requests with the same id with their own results, in any order`, async (t) => {
    const gates: readonly Gate[] = Array.from({ length: COUNT }, () => createGate())
    const started = createGate()
    let running = 0
    const { app } = await createSdkApp(t, await create(async (number) => {
      if (++running === COUNT) started.open()
      await gates[number]?.promise
      return said(`number ${number}`)
    }))
    const headers = await openSession(app)

    const answers = gates.map(async (_gate, number) =>
      (await app.inject(legacy('tools/call', { name: 'wait', arguments: { number } }, { headers }))).json()
    )
    await started.promise
    for (const gate of gates.toReversed()) gate.open()

    t.same(
      await Promise.all(answers),
      gates.map((_gate, number) => ({ jsonrpc: '2.0', id: 1, result: said(`number ${number}`) }))
    )
  })
}

t.test('an id is replaced only while another request has it', async (t) => {
  t.equal(findFreeId(1, new Set()), 1)
  t.equal(findFreeId(1, new Set([1])), '1 (2)')
  t.equal(findFreeId('1', new Set(['1', '1 (2)'])), '1 (3)')
  t.equal(findFreeId('1', new Set([1])), '1')
})
