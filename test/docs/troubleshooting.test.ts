// docs/troubleshooting.md says what clients and the log tell when something goes wrong: here it does go wrong, and what
// is told has to be on the page, in the section of its symptom.
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, request } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import t, { type Test } from 'tap'
import mcpPlugin, { jwtVerifier, McpServer, Type, type McpMountOptions } from '../../lib/index.ts'
import { createServer, JSON_AND_SSE, modern, mount } from '../support/app.ts'
import { createIssuer, type Claims } from '../support/issuer.ts'
import { createFaultyCluster } from '../support/cluster.ts'
import { v1 as answeringV1 } from '../support/clients.ts'
import { problemsOf } from '../support/type-check.ts'
import { partsOf } from '../support/parts.ts'
import { createGate, until, type Gate } from '../support/stream.ts'
import { curl, kinds, listen, logged, tell, tellAll, v1, v2Legacy, v2Modern } from '../support/symptoms.ts'

t.setTimeout(180_000)

const page = readFileSync(join(fileURLToPath(new URL('../../', import.meta.url)), 'docs/troubleshooting.md'), 'utf8')
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')), generalise(text)] as const)
)
const shown = new Set<string>()

const INITIALIZE =
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},' +
    '"clientInfo":{"name":"curl","version":"1"}}}'
const AS_JSON = "-H 'Content-Type: application/json'"
const SLOW = 200

// Values that differ each time.
function generalise (text: string): string {
  return text
    .replace(/(127\.0\.0\.1|0\.0\.0\.0|localhost):\d+/g, '$1:8000')
    .replace(/node [\da-f]{16} \(host \S+, process \d+/g, 'node ID (host HOST, process PID')
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, 'UUID')
}

/** Makes something go wrong. Every line that reports it must stand in a section of the page. */
function symptom (heading: string, reproduce: (t: Test) => Promise<readonly string[]>): void {
  shown.add(heading)
  t.test(heading, async (t) => {
    const section = sections.get(heading) ?? ''
    const lines = [...new Set((await reproduce(t)).map(generalise))]

    t.ok(lines.length > 0)
    t.same(lines.filter((line) => !section.split('\n').includes(line)), [])
  })
}

function isFailure (line: string): boolean {
  return !/^[^:]+: \{.*"content":(?!.*"isError":true)/.test(line)
}

/** Registers a mount with a mistake, and resolves to the error. */
async function register (prepare: (app: FastifyInstance) => unknown): Promise<string> {
  const app = Fastify()
  try {
    await prepare(app)
    await app.ready()
  } catch (error) {
    return `${Object(error).code ?? Object(error).name}: ${Object(error).message}`
  }
  throw new Error('nothing went wrong')
}

symptom('421 Invalid Host header', async (t) => {
  const scene = await listen(t, { server: createServer() })
  const told = await tellAll(scene.url.replace('127.0.0.1', '0.0.0.0'))
  const byCurl = await curl(`${scene.url} -H 'Host: mcp.example.com' ${AS_JSON} -d '${INITIALIZE}'`)

  return [...told, byCurl, ...logged(scene)]
})

symptom('403 Invalid Origin header', async (t) => {
  const scene = await listen(t, { server: createServer() })
  const told = await tellAll(scene.url, { headers: { origin: 'https://app.example.com' } })

  return [...told, ...logged(scene)]
})

symptom('404 Route not found', async (t) => {
  const scene = await listen(t, { prefix: '/mcp', server: createServer() })
  const told = await tellAll(scene.url.replace('/mcp/mcp', '/mcp'))
  const announced = logged(scene, 30).filter((line) => /listens at/.test(line))

  t.equal((await fetch(`${scene.url}/`, { method: 'POST' })).status, 400, 'a slash at the end makes no difference')
  return [...told, ...logged(scene, 30).filter((line) => /not found/.test(line)), ...announced]
})

symptom('404 Session not found', async (t) => {
  const [opened, other] = [await listen(t, { server: createServer() }), await listen(t, { server: createServer() })]
  const lines: string[] = []
  for (const kind of [v1, v2Legacy]) {
    let target = opened.url
    const client = await kind.connect(opened.url, { fetch: (_url, init) => fetch(target, init) })
    target = other.url
    lines.push(await tell(kind.label, () => client.call('echo', { text: 'Hello' })))
    await client.close()
  }
  lines.push(await curl(`${opened.url} ${AS_JSON} -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`))
  const client = await v2Modern.connect(opened.url, { fetch: (_url, init) => fetch(other.url, init) })
  t.match(await client.call('echo', { text: 'Hello' }), { content: [{ text: 'Hello' }] }, 'modern clients have none')
  await client.close()
  return lines
})

// A proxy that passes on no header of which it has not heard.
function without (header: string): typeof fetch {
  return (url, init) => {
    const headers = new Headers(init?.headers)
    headers.delete(header)
    return fetch(url, { ...init, headers })
  }
}

symptom('400 Header mismatch (-32020)', async (t) => {
  const { url } = await listen(t, { server: createServer() })
  const lines: string[] = []
  for (const header of ['mcp-name', 'mcp-method']) {
    lines.push(
      await tell(v2Modern.label, async () =>
        (await v2Modern.connect(url, { fetch: without(header) })).call('echo', { text: 'Hello' })
      )
    )
  }
  const { headers, payload } = modern('tools/list', {}, { headers: { 'mcp-protocol-version': '2025-11-25' } })
  const flags = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`).join(' ')
  lines.push(await curl(`${url} ${flags} -d '${payload}'`))
  return lines
})

symptom('400 Unsupported protocol version (-32022)', async (t) => {
  const { url } = await listen(t, { server: createServer(), legacy: false })
  return (await tellAll(url)).filter(isFailure)
})

symptom('Version negotiation failed', async (t) => {
  const refused = await listen(t, { server: createServer() })
  const closed = await listen(t, { server: createServer(), auth: { authenticate: () => null } })
  const unavailable = await listen(t, {
    server: createServer(),
    auth: {
      authenticate: () => { throw new Error('the directory is gone') }
    }
  })
  const connect = (url: string, headers = {}): Promise<string> =>
    tell(v2Modern.label, () => v2Modern.connect(url, { headers }))

  return [
    await connect(`${refused.url}/nowhere`),
    await connect(refused.url, { origin: 'https://app.example.com' }),
    await connect(closed.url),
    await connect(unavailable.url),
    ...logged(unavailable)
  ]
})

/** An app that takes tokens, with a tool that needs more, and how to sign tokens that are good but for some claims. */
async function createProtected (t: Test) {
  const issuer = await createIssuer(t)
  const server = createServer()
  server.registerTool('write', { scopes: ['notes:write'] }, () => 'Written')
  const scene = await listen(t, {
    server,
    publicUrl: 'https://api.example.com',
    auth: {
      verify: jwtVerifier({ issuer: issuer.url, jwksUri: `${issuer.url}/jwks` }),
      authorizationServers: [issuer.url],
      requiredScopes: ['notes:read']
    }
  })
  const seconds = Math.floor(Date.now() / 1000)
  const bearer = async (changes: Claims = {}) => ({
    authorization:
      'Bearer ' +
      `${await issuer.sign({ iss: issuer.url, aud: 'https://api.example.com/mcp', sub: 'ann', client_id: 'app', scope: 'notes:read', exp: seconds + 600, ...changes })}`
  })
  return { issuer, scene, bearer, seconds }
}

symptom('401 Unauthorized', async (t) => {
  const { issuer, scene, bearer, seconds } = await createProtected(t)
  const lines = await tellAll(scene.url)
  for (const changes of [
    { aud: 'https://api.example.com/' },
    { iss: 'https://auth.example.com/' },
    { exp: seconds - 60 }
  ]) {
    lines.push(await tell(v1.label, async () => v1.connect(scene.url, { headers: await bearer(changes) })))
  }
  lines.push(...logged(scene, 30).filter((line) => /Unauthorized/.test(line)))
  const [challenge] = scene.logLines.flatMap((line) =>
    line['challenge'] === undefined ? [] : [`challenge: ${String(line['challenge'])}`]
  )
  issuer.answers.set('/jwks', 500)
  const away = await createProtected(t)
  away.issuer.answers.set('/jwks', 500)
  lines.push(
    await tell(v1.label, async () => v1.connect(away.scene.url, { headers: await away.bearer() })),
    ...logged(away.scene)
  )
  return [...lines, String(challenge)]
})

symptom('403 The token lacks a scope', async (t) => {
  const { scene, bearer } = await createProtected(t)
  const lines = await tellAll(scene.url, { headers: await bearer({ scope: 'other' }) })
  lines.push(...await tellAll(scene.url, { headers: await bearer() }, ['write']))
  return [...lines, ...logged(scene, 30).filter((line) => /Forbidden/.test(line))]
})

symptom('A page gets "Failed to fetch"', async (t) => {
  const scene = await listen(t, { server: createServer() })
  const answer = await curl(
    `-X OPTIONS ${scene.url} -H 'Origin: http://localhost:3000' -H 'Access-Control-Request-Method: POST'`
  )
  const foreign = await listen(t, { server: createServer(), cors: true })
  await curl(`-X OPTIONS ${foreign.url} -H 'Origin: https://app.example.com' -H 'Access-Control-Request-Method: POST'`)

  return [answer, ...logged(scene), ...logged(foreign)]
})

/** A proxy before an app, which treats what comes from it as it likes. */
async function startProxy (
  t: Test, target: string, relay: (chunks: AsyncIterable<Buffer>, write: (chunk: Buffer) => void) => Promise<boolean>
): Promise<string> {
  const server = createHttpServer((incoming, outgoing) => {
    const forwarded = request(
      target,
      { method: incoming.method, headers: incoming.headers, agent: false },
      async (response) => {
        const isStream = String(response.headers['content-type']).includes('event-stream') && incoming.method === 'POST'
        outgoing.writeHead(response.statusCode ?? 502, response.headers)
        outgoing.flushHeaders()
        if (!isStream) return response.pipe(outgoing)
        const isWhole = await relay(response, (chunk) => outgoing.write(chunk)).catch(() => false)
        if (isWhole) outgoing.end()
        else outgoing.destroy()
      }
    )
    forwarded.on('error', () => outgoing.destroy())
    outgoing.once('close', () => forwarded.destroy())
    incoming.pipe(forwarded)
  }).listen(0, '127.0.0.1')
  t.teardown(() => { server.close(); server.closeAllConnections() })
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
}

/** A server whose tool reports progress, and then waits. */
function createCounting (goOn: Promise<void>): McpServer {
  const server = new McpServer({ name: 'Counting', version: '1.0.0' })
  server.registerTool('count', {}, async (_args, ctx) => {
    await ctx.reportProgress(1, 2)
    ctx.info('half')
    await goOn
    return 'Counted'
  })
  return server
}

symptom('Progress arrives all at once', async (t) => {
  const { url } = await listen(t, { server: createCounting(Promise.resolve()) })
  const response = await fetch(url, { method: 'POST', ...streamed() })
  await response.body?.cancel()

  return ['cache-control', 'content-type', 'x-accel-buffering'].map((name) => `${name}: ${response.headers.get(name)}`)
})

function streamed (): { headers: Record<string, string>, body: string } {
  const { headers, payload } = modern(
    'tools/call',
    { name: 'count', arguments: {} },
    { headers: JSON_AND_SSE, meta: { progressToken: 1 } }
  )
  return { headers: { ...headers }, body: payload }
}

symptom('Streams or calls are cut after a while', async (t) => {
  const never: Gate = createGate()
  const scene = await listen(t, { server: createCounting(never.promise), closeGracePeriod: 0 })
  let cuts = 0
  let reported: Gate = createGate()
  const cut = await startProxy(t, scene.url, async (chunks, write) => {
    for await (const chunk of chunks) {
      write(chunk)
      if (!String(chunk).includes('notifications/progress')) continue
      await reported.promise
      cuts++
      return false
    }
    return true
  })
  const lines: string[] = []
  for (const kind of kinds) {
    const client = await kind.connect(cut, { timeout: 5 * SLOW })
    reported = createGate()
    lines.push(await tell(kind.label, () => client.call('count', {}, () => reported.open())))
    await client.close()
  }
  t.equal(cuts, kinds.length)
  return lines
})

symptom('406 Not Acceptable, 415 Unsupported content type, 400 Parse error', async (t) => {
  const { url } = await listen(t, { server: createServer() })
  return [
    await curl(`${url} ${AS_JSON} -H 'Accept: text/html' -d '${INITIALIZE}'`),
    await curl(`${url} -d '${INITIALIZE}'`),
    await curl(`${url} ${AS_JSON} -d '{ jsonrpc: 2.0 }'`),
    await curl(`-X PUT ${url}`)
  ]
})

symptom('413 Request body too large', async (t) => {
  const { url } = await listen(t, { server: createServer(), bodyLimit: 1000 })
  return await tellAll(url, {}, ['echo', { text: 'x'.repeat(1000) }])
})

symptom('503', async (t) => {
  const full = await listen(t, { server: createServer(), maxSessions: 1 })
  const first = await v1.connect(full.url)
  const lines = (await tellAll(full.url)).filter(isFailure)
  await first.close()

  const cluster = createFaultyCluster()
  const stateful = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['a secret of 32 bytes or more, the same on all nodes'] } }
  )
  stateful.registerTool('echo', {}, () => 'Hello')
  const node = await listen(t, { server: stateful, cluster })
  cluster.beginOutage()
  lines.push(...(await tellAll(node.url, {}, ['echo'])).filter(isFailure), ...logged(node))
  cluster.endOutage()
  await until(() => logged(node, 30).some((line) => line.includes('again')))
  lines.push(...logged(node, 30).filter((line) => line.includes('again')))
  return [...lines, ...await fillStreams(t), ...await close(t)]
})

symptom('The nodes of a cluster differ', async (t) => {
  const cluster = createFaultyCluster()
  const create = (version: string, key: string): McpServer =>
    new McpServer({ name: 'Notes', version }, { requestState: { keys: [key] } })
  const first = create('1.0.0', 'a secret of 32 bytes or more for all nodes')
  const second = create('2.0.0', 'another secret of 32 bytes, for one node')
  second.registerTool('refund', {}, () => 'Refunded')
  const node = await listen(t, { server: first, cluster })
  const other = await listen(t, { server: second, cluster })
  const look = async (): Promise<void> => {
    for (const { app } of [node, other]) await partsOf(app.mcp.get('Notes')).cluster?.lookAround()
  }
  for (let time = 0; time < 3; time++) await look()
  cluster.kill(String(cluster.nodes[1]?.id))
  await partsOf(node.app.mcp.get('Notes')).cluster?.lookAround()
  return logged(node)
})

async function fillStreams (t: Test): Promise<string[]> {
  const { url } = await listen(t, { server: createServer(), maxStreams: 1 })
  const { headers, payload } = modern(
    'subscriptions/listen',
    { notifications: { toolsListChanged: true } },
    { headers: JSON_AND_SSE }
  )
  const open = await fetch(url, { method: 'POST', headers: { ...headers }, body: payload })
  const flags = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`).join(' ')
  const told = await curl(`${url} ${flags} -d '${payload}'`)
  await open.body?.cancel()
  return [told]
}

// One call runs while the app closes, and another one comes.
async function close (t: Test): Promise<string[]> {
  const lines: string[] = []
  for (const kind of kinds) {
    const started = createGate()
    const server = new McpServer({ name: 'Slow', version: '1.0.0' })
    server.registerTool('wait', {}, () => { started.open(); return new Promise(() => {}) })
    const { app, url } = await listen(t, { server, closeGracePeriod: 2000 })
    const client = await kind.connect(url)
    const told = tell(kind.label, () => client.call('wait'))
    await started.promise
    const closed = app.close()
    await until(() => partsOf(app.mcp.get('Slow')).isClosing)
    // No process of its own: a slow start would come after the grace period.
    const other = await fetch(url, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: INITIALIZE
    })
    lines.push(await told, `curl: HTTP ${other.status} ${await other.text()}`)
    await Promise.all([closed, client.close()])
  }
  return lines
}

symptom('Calls time out', async (t) => {
  const server = new McpServer({ name: 'Slow', version: '1.0.0' })
  const forever = (): Promise<string> => new Promise(() => {})
  server.registerTool('report', { timeout: SLOW }, forever)
  server.registerTool('wait', {}, forever)
  const scene = await listen(t, { server, closeGracePeriod: 0 })

  return [
    ...(await tellAll(scene.url, { timeout: SLOW }, ['wait'])),
    ...(await tellAll(scene.url, {}, ['report'])),
    ...logged(scene)
  ]
})

symptom('Error executing tool … (error id …)', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('delete_note', {}, () => { throw new Error('the database is gone') })
  const scene = await listen(t, { server })
  const told = await tellAll(scene.url, {}, ['delete_note'])
  const [line] = scene.logLines.flatMap(({ errorId, err }) =>
    errorId === undefined ? [] : [`errorId: ${String(errorId)}, err.message: ${String(Object(err).message)}`]
  )

  return [...told, ...logged(scene), String(line)]
})

symptom('Invalid arguments for tool', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('find_note', { inputSchema: Type.Object({ id: Type.Integer() }) }, ({ id }) => `Note ${id}`)
  const { url } = await listen(t, { server })

  return [...await tellAll(url, {}, ['find_note', { id: 'one' }]), ...await tellAll(url, {}, ['find_notes'])]
})

symptom('This needs to ask the user, and this client does not support that (-32021)', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool(
    'delete_note',
    {},
    async (_args, ctx) => (await ctx.elicit('Delete it?', Type.Object({ sure: Type.Boolean() }))).action
  )
  const sessions = await listen(t, { server })
  const stateless = await listen(t, { server, stateless: true })
  const willing = await answeringV1.connect(stateless.url, 'willing', {
    elicit: () => ({ action: 'accept', content: { sure: true } })
  })
  const told = await tell('v1 that can be asked, stateless: true', () => willing.callTool('delete_note'))
  await willing.close()

  return [...await tellAll(sessions.url, {}, ['delete_note']), told]
})

symptom('"stream closed prematurely" in the log', async (t) => {
  const scene = await listen(t, { server: createServer() })
  await tellAll(scene.url)
  await until(() => logged(scene, 30).some((line) => line.includes('prematurely')))

  return logged(scene, 30).filter((line) => line.includes('prematurely'))
})

symptom('TypeScript does not know app.mcp', async (t) => {
  // types.test.ts shows that it is known where the package is imported.
  const directory = t.testdir({ 'app.ts': "import Fastify from 'fastify'\n\nconsole.log(Fastify().mcp.size)\n" })

  return problemsOf([join(directory, 'app.ts')]).map((problem) => problem.replace(/^.*app\.ts: /, ''))
})

symptom('app.mcp is undefined', async () => [
  await register((app) => {
    app.register(mcpPlugin, { server: createServer() })
    return app.mcp.get('Notes')
  }),
  await register(async (app) => {
    app.decorate('mcp' as never, {} as never)
    await mount(app, { server: createServer() })
    return app.mcp.get('Notes')
  }),
  await register(async (app) => {
    await mount(app, { server: createServer() })
    return app.mcp.get('notes')
  })
])

symptom('The app does not start', async () => {
  // Options that TypeScript would not let pass.
  const add = (app: FastifyInstance, options: object): unknown => app.register(mcpPlugin, options as McpMountOptions)
  const server = createServer()

  return [
    await register((app) => add(app, { server, path: 'mcp' })),
    await register((app) => add(app, { server, legacy: false, stateless: true })),
    await register((app) => add(app, {})),
    await register((app) => { add(app, { server }); add(app, { server, prefix: '/other' }) }),
    await register((app) => { add(app, { server }); add(app, { server, name: 'other' }) }),
    await register(() => {
      server.registerTool(
        'find_note',
        { inputSchema: { type: 'object', properties: { note: { $ref: 'Note' } } } },
        () => 'a'
      )
    }),
    await register(() => {
      server.registerTool(
        'find_note',
        { inputSchema: { type: 'object', properties: { name: { type: 'string', pattern: '(?i)a' } } } },
        () => 'a'
      )
    }),
    await register(() => { server.registerTool('find_note', { scope: 'notes:read' } as object, () => 'a') }),
    await register(async (app) => { await app.ready(); add(app, { server }) }),
    await register((app) => {
      add(app, { server })
      app.register(fp(async (scope) => { scope.decorate('mcp' as never, {} as never) }))
    }),
    await register((app) =>
      add(app, {
        server: new McpServer(
          { name: 'Notes', version: '1.0.0' },
          {
            lifespan: async () => { throw new Error('connect ECONNREFUSED 127.0.0.1:5432') }
          }
        )
      })
    )
  ]
})

t.test(
  'every section begins with its symptom in the table, and those that are ours to reproduce are reproduced',
  async (t) => {
    const table = page.slice(0, page.indexOf('\n## '))
    const links = [...table.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor)
    // As GitHub makes them.
    const anchors = [...sections.keys()].map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-')
    )

    t.same([...new Set(links)].sort(), anchors.sort())
    t.same(
      [...shown].filter((heading) => !sections.has(heading)),
      []
    )
  }
)
