import { randomUUID } from 'node:crypto'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { listen } from '../support/everything.ts'
import { countLeaving, expectedOf, findLeaks, invite, useAtOnce } from './sdk-leak-guests.ts'
import { createStage, createTalkative } from './sdk-leak-server.ts'

const CLIENTS = 100
const MIXED_UP = 20

// A hundred clients take long on a busy machine.
t.setTimeout(120_000)

t.test('each of a hundred clients of one SDK instance gets exactly its own messages', async (t) => {
  const stage = createStage(CLIENTS, countLeaving(CLIENTS))
  const app = await listen(t, { server: createTalkative(stage) })
  const party = await invite(t, app.mcp.get('talkative').url, CLIENTS)

  // After a leak, other clients would wait forever.
  await Promise.race([useAtOnce(party, stage), party.gathering.leak.promise])

  const leaving = party.guests.filter(({ traits }) => traits.leaves !== 'in the end')
  t.equal(stage.requestIds.size, 1, 'all clients count their requests alike, so their ids are the same')
  t.strictSame(findLeaks(party), [])
  for (const guest of party.guests) t.strictSame([...guest.received].sort(), expectedOf(guest), guest.name)
  t.strictSame(
    stage.abortedNames.sort(),
    leaving.map(({ name }) => name).sort(),
    'only the calls that were left were aborted'
  )
})

t.test('the same clients detect a host that mixes up their messages', async (t) => {
  const stage = createStage(MIXED_UP, countLeaving(MIXED_UP))
  const server = createTalkative(stage)
  const party = await invite(t, await shareNaively(t, server), MIXED_UP)

  // Not awaited, because a call never settles if its answer went to another client.
  useAtOnce(party, stage)
  await Promise.all([party.gathering.heard.complete, party.gathering.asked.complete])

  const kinds = new Set(findLeaks(party).map((leak) => leak.split(' ')[2]))
  t.equal(stage.requestIds.size, 1)
  t.strictSame([...kinds].sort(), ['log', 'progress', 'question'])
})

/**
 * Serves sessions by one server, with a transport for each of them, as GHSA-345p-7cg4-v4c7 says not to. The SDK refuses
 * a second connect() by now, so this does what that did, even as carefully as can be: with each message of a client
 * anew.
 */
async function shareNaively (t: Test, server: McpServer): Promise<string> {
  // No mount is there to end what clients leave open.
  const app = Fastify({ forceCloseConnections: true })
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const reconnect = (transport: StreamableHTTPServerTransport | undefined): void => {
    Reflect.set(server.server, '_transport', transport)
  }

  async function open (): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (sessionId) => { transports.set(sessionId, transport) }
    })
    reconnect(undefined)
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    await server.connect(transport as Transport)
    const receive = transport.onmessage
    transport.onmessage = (message, extra) => {
      reconnect(transport)
      receive?.(message, extra)
    }
    return transport
  }

  app.all('/mcp', async (request, reply) => {
    const transport = transports.get(String(request.headers['mcp-session-id'])) ?? await open()
    reply.hijack()
    await transport.handleRequest(request.raw, reply.raw, request.body)
  })
  t.teardown(async () => {
    await app.close()
    await server.close()
  })
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`
}
