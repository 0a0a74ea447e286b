import Fastify, { type FastifyInstance } from 'fastify'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import mcpPlugin, { createMemoryEventStore, McpServer, Type, type McpMountOptions } from '../../lib/index.ts'
import { createGate } from '../support/stream.ts'
import { noBrowser, servePage, startBrowser } from '../support/browser.ts'
import type { Visit } from '../support/browser-page.ts'
import { createProxy } from '../support/proxy.ts'

// A browser takes its time to start where others work, too.
t.setTimeout(300_000)

const text = (text: string): object[] => [{ type: 'text', text }]

/** A server whose tool `count` pauses halfway until `pause` resolves. */
function createCounting (pause: () => Promise<void> = async () => {}): McpServer {
  const server = new McpServer({ name: 'Counting', version: '1.0.0' })
  server.registerTool('count', { inputSchema: Type.Object({ to: Type.Integer() }) }, async ({ to }, ctx) => {
    for (let n = 1; n <= to; n++) {
      await ctx.reportProgress(n, to)
      if (n === to / 2) await pause()
    }
    return `${to} counted`
  })
  server.registerTool('locate', {
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
      required: ['region']
    }
  }, ({ region }) => `found ${String(region)}`)
  return server
}

interface Served {
  readonly app: FastifyInstance
  readonly url: string
  readonly requests: readonly string[]
  readonly warnings: readonly string[]
}

/** An app with one mount that listens; what it was asked, and what it warned of. */
async function serve (t: Test, options: McpMountOptions): Promise<Served> {
  const requests: string[] = []
  const warnings: string[] = []
  const app = Fastify({
    logger: {
      level: 'warn',
      stream: {
        write: (line: string) => { warnings.push(JSON.parse(line).msg) }
      }
    }
  })
  app.addHook('onResponse', async ({ method, headers }, { statusCode }) => {
    requests.push(`${method} ${statusCode}${headers['last-event-id'] === undefined ? '' : ' resumed'}`)
  })
  app.register(mcpPlugin, options)
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, url: app.mcp.get('Counting').url, requests, warnings }
}

// Written out, because a function handed over would come as what the test's loader has made of it.
function run<T> (
  page: Page, name: 'visit' | 'count' | 'locate' | 'fail', ...args: ReadonlyArray<string | number>
): Promise<T> {
  return page.evaluate(`${name}(...${JSON.stringify(args)})`)
}

t.test('in a browser', { skip: noBrowser }, async (t) => {
  const openPage = await startBrowser(t)
  const origin = await servePage(t)

  for (const [kind, revision] of [['v1', '2025-11-25'], ['v2Legacy', '2025-11-25']] as const) {
    t.test(`a page of an allowed origin uses a legacy server with the client ${kind}`, async (t) => {
      const { app, url, requests, warnings } = await serve(t, {
        server: createCounting(),
        cors: true,
        allowedOrigins: [origin]
      })

      const visit = await run<Visit>(await openPage(origin), 'visit', kind, url)

      t.same(visit, {
        origin,
        era: 'legacy',
        protocolVersion: revision,
        hasSession: true,
        tools: ['count', 'locate'],
        progress: [1, 2, 3],
        answer: text('3 counted')
      })
      t.ok(requests.includes('OPTIONS 204'))
      t.ok(requests.includes('DELETE 200'))
      t.equal(app.mcp.get('Counting').sessions.size, 0)
      t.same(warnings, [])
    })
  }

  t.test('a page of an allowed origin uses a modern server with the client v2', async (t) => {
    const { url, requests, warnings } = await serve(t, {
      server: createCounting(),
      cors: true,
      allowedOrigins: [origin]
    })

    const visit = await run<Visit>(await openPage(origin), 'visit', 'v2Modern', url)

    t.same(visit, {
      origin,
      era: 'modern',
      protocolVersion: '2026-07-28',
      hasSession: false,
      tools: ['count', 'locate'],
      progress: [1, 2, 3],
      answer: text('3 counted')
    })
    t.same(new Set(requests), new Set(['OPTIONS 204', 'POST 200']))
    t.same(warnings, [])
  })

  t.test('a page can send arguments in Mcp-Param headers', async (t) => {
    const { url, warnings } = await serve(t, { server: createCounting(), cors: true, allowedOrigins: [origin] })

    t.match(await run(await openPage(origin), 'locate', url, 'Bavaria'), { result: { content: text('found Bavaria') } })
    t.same(warnings, [])
  })

  for (const kind of ['v1', 'v2Legacy'] as const) {
    t.test(`a page resumes a broken stream with the client ${kind} and receives every event`, async (t) => {
      const paused = createGate()
      const arrived = createGate()
      const cut = createGate()
      const { app, url, requests } = await serve(t, {
        server: createCounting(async () => {
          paused.open()
          await cut.promise
        }),
        cors: true,
        allowedOrigins: [origin],
        eventStore: createMemoryEventStore(),
        retryInterval: 1
      })
      const proxy = await createProxy(t, url)
      const page = await openPage(origin)
      await page.exposeFunction('hasCounted', (n: number) => { if (n === 5) arrived.open() })

      const counted = run<[number[], unknown]>(page, 'count', kind, proxy.url, 10)
      await Promise.all([paused.promise, arrived.promise])
      proxy.cut()
      cut.open()

      t.same(await counted, [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], text('10 counted')])
      t.ok(requests.includes('GET 200 resumed'))
      t.equal(app.mcp.get('Counting').sessions.size, 0)
    })
  }

  t.test('a page of another origin cannot connect, and the log has the reason', async (t) => {
    const { app, url, requests, warnings } = await serve(t, {
      server: createCounting(),
      cors: true,
      allowedOrigins: [origin]
    })
    const stranger = await servePage(t)
    const page = await openPage(stranger)

    for (const kind of ['v1', 'v2Legacy']) t.match(await run(page, 'fail', kind, url), /Failed to fetch/)
    t.match(await run(page, 'fail', 'v2Modern', url), /the server did not offer pinned protocol version/)

    t.same(new Set(requests), new Set(['OPTIONS 403']))
    t.equal(
      warnings[0],
      `request from Origin '${stranger}' refused; if pages of that origin may use this server, add it to the ` +
        'mount\'s \'allowedOrigins\''
    )
    t.equal(app.mcp.get('Counting').sessions.size, 0)
  })

  t.test('without the option cors, a page cannot connect', async (t) => {
    const { url, requests } = await serve(t, { server: createCounting(), allowedOrigins: [origin] })

    t.match(await run(await openPage(origin), 'fail', 'v1', url), /Failed to fetch/)
    t.same(requests, ['OPTIONS 405'])
  })

  t.test('a page can read the reason of a refusal', async (t) => {
    const { url } = await serve(t, {
      server: createCounting(),
      cors: true,
      allowedOrigins: [origin],
      allowedHosts: ['api.example.com']
    })

    t.match(await run(await openPage(origin), 'fail', 'v1', url), /Invalid Host header/)
  })
})
