import { mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runProgram } from '../../lib/cli/program.ts'
import { runServer } from '../../lib/cli/run-app.ts'
import type { RunSettings } from '../../lib/cli/run-settings.ts'
import { noServer, startRedis } from '../support/redis-server.ts'
import { createTestTerminal, RUN_SETTINGS, type TestTerminal } from './terminal.ts'

const SERVER = `import { McpServer } from 'fastify-mcp-mount'
export const notes = new McpServer({ name: 'Notes', version: '1' }, {
  requestState: { keys: ['a secret of 32 bytes or more, shared'] }
})
notes.registerTool('hello', {}, async () => 'Hello')
`
const APP = `import Fastify from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'
`

interface Change extends Partial<RunSettings> {
  readonly env?: { readonly [name: string]: string }
}

interface Started extends TestTerminal {
  readonly code: Promise<number>
}

function start (t: Test, text: string, { env = {}, ...settings }: Change = {}): Started {
  // A process loads a file once only, so each content needs a file of its own.
  const file = join(mkdtempSync(join(t.testdir(), 'file-')), 'server.ts')
  writeFileSync(file, text)
  const test = createTestTerminal({ env })
  const code = runServer({ ...RUN_SETTINGS, name: 'server.ts', file, ...settings }, test.terminal)
  return Object.assign(test, { code })
}

interface Running extends TestTerminal {
  readonly url: string
}

/** Serves a file until the test ends. */
async function serve (t: Test, text: string, change?: Change): Promise<Running> {
  const started = start(t, text, change)
  t.teardown(async () => {
    started.signal('SIGTERM')
    await started.code
  })
  await started.waitFor(/Server listening at|no MCP server/)
  const [, url = ''] = /Server listening at (http:[^"]+)/.exec(started.out) ?? []
  return Object.assign(started, { url })
}

/** Resolves to what is printed when a file cannot be served. */
async function fail (t: Test, text: string, change?: Change): Promise<string> {
  const started = start(t, text, change)
  t.equal(await started.code, 1)
  return started.err
}

async function hello (url: string, era = 'modern'): Promise<string> {
  const test = createTestTerminal()
  await runProgram(['inspect', url, 'call', 'hello', '--era', era], test.terminal)
  return test.out + test.err
}

/** Resolves to the status of a request with a Host of its own. */
async function statusFor (url: string, host: string): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(url, { method: 'POST', headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject).end()
  })
}

t.test('a server is served with a health check, at its path, and logs JSON', async (t) => {
  const { url, out } = await serve(t, `${SERVER} export default notes`, { path: '/notes' })

  t.equal(await hello(`${url}/notes`), 'Hello\n')
  t.equal(await hello(`${url}/notes`, 'legacy'), 'Hello\n')
  t.same(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
  t.match(JSON.parse(out.split('\n')[0] ?? ''), { level: 30, msg: 'MCP server Notes is ready at /notes' })
})

t.test('with a drain, a server that gets a signal is not ready, serves on for that long, and ends', async (t) => {
  const started = start(t, `${SERVER} export default notes`, { drain: 2000 })
  await started.waitFor(/Server listening at/)
  const [, url = ''] = /Server listening at (http:[^"]+)/.exec(started.out) ?? []
  const [ready, live] = [`${url}/health/ready`, `${url}/health/live`]
  t.equal((await fetch(ready)).status, 200)

  started.signal('SIGTERM')
  while ((await fetch(ready)).status !== 503);
  const answers = await Promise.all([hello(`${url}/mcp`), hello(`${url}/mcp`, 'legacy'), fetch(live)])

  t.same([answers[0], answers[1], answers[2].status], ['Hello\n', 'Hello\n', 200])
  t.equal(await started.code, 0)
  await t.rejects(fetch(live))
})

t.test('the log level is that of the settings', async (t) => {
  const started = start(t, `${SERVER} export default notes`, { logLevel: 'silent', port: 0 })
  started.signal('SIGTERM')

  t.equal(await started.code, 0)
  t.equal(started.out, '')
})

t.test('PUBLIC_URL and ALLOWED_HOSTS say which hosts are served; blank variables count as not set', async (t) => {
  const text = `${SERVER} export default notes`
  const env = { PUBLIC_URL: 'https://mcp.example.com', ALLOWED_HOSTS: 'one.example, two.example' }
  const open = await serve(t, text, { env })
  const closed = await serve(t, text, { env: { PUBLIC_URL: '', ALLOWED_HOSTS: '', REDIS_URL: '' } })

  for (const host of ['mcp.example.com', 'one.example', 'two.example']) {
    t.not(await statusFor(`${open.url}/mcp`, host), 421, host)
    t.equal(await statusFor(`${closed.url}/mcp`, host), 421, host)
  }
  t.equal(await statusFor(`${open.url}/mcp`, 'evil.example'), 421)
})

t.test('with stateless, legacy clients get no session', async (t) => {
  const { url } = await serve(t, `${SERVER} export default notes`, { stateless: true, workers: 2 })

  t.equal(await hello(`${url}/mcp`, 'legacy'), 'Hello\n')
  t.equal((await fetch(`${url}/mcp`, { headers: { accept: 'text/event-stream' } })).status, 405)
})

t.test('the transport sse also serves HTTP+SSE', async (t) => {
  const { url } = await serve(t, `${SERVER} export default notes`, { transport: 'sse' })

  const response = await fetch(`${url}/sse`)
  await response.body?.cancel()

  t.match(response.headers.get('content-type'), 'text/event-stream')
  t.equal(await hello(`${url}/mcp`), 'Hello\n')
})

t.test('the transport stdio serves one client, and logs to standard error', async (t) => {
  const started = start(t, `${SERVER} export default notes`, { transport: 'stdio', logLevel: 'info' })
  started.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
  await started.waitFor(/"id":1/)
  started.stdin.end()

  t.equal(await started.code, 0)
  t.match(JSON.parse(started.out), { jsonrpc: '2.0', id: 1 })
})

t.test('an app is served as it is, and options that it would ignore are refused', async (t) => {
  const app = `${SERVER}${APP} const app = Fastify({ logger: true }); app.register(mcpPlugin, { server: notes })\n`
  const refusal = (option: string, what: string): string =>
    `--${option} has no meaning for ${what}, which is what server.ts exports: set it there.\n`

  t.equal(
    await fail(t, `${app} export default app`, { isLogLevelGiven: true }),
    refusal('log-level', 'an app')
  )
  t.equal(await fail(t, `${app} export default app`, { stateless: true }), refusal('stateless', 'an app'))
  t.equal(
    await fail(t, `${app} export default () => app`, { transport: 'sse' }),
    refusal('transport sse', 'a function that makes an app')
  )
  t.equal(
    await fail(t, `${APP} export default async (app: object, options: object) => {}`, { stateless: true }),
    refusal('stateless', 'a plugin')
  )
})

t.test('several workers need sessions that all of them know, and the error says how', async (t) => {
  t.equal(
    await fail(t, `${SERVER} export default notes`, { workers: 4 }),
    '4 workers need sessions that all of them know: set the environment variable REDIS_URL to share the sessions of ' +
      'legacy clients in Redis, or pass --stateless to serve those clients without sessions.\n'
  )
})

t.test('an app whose mounts do not share sessions is served by several workers with a warning', async (t) => {
  const app = (options: string): string => `${SERVER}${APP}
    export const app = Fastify({ logger: { level: 'info' } })
    app.register(mcpPlugin, { server: notes ${options} })
    app.register(mcpPlugin, { server: notes, name: 'Old', prefix: '/old' ${options} })`
  const started = start(t, app(''), { workers: 2 })
  await started.waitFor(/Old keeps.*\n/)
  started.signal('SIGTERM')
  t.equal(await started.code, 0)
  t.equal(started.err, ['Notes', 'Old'].map((name) => {
    return `${name} keeps the sessions of legacy clients in each worker, so a client whose next connection reaches ` +
      "another worker gets 404. Set 'cluster' or 'stateless' where it is mounted.\n"
  }).join(''))

  const shared = start(t, app(', stateless: true'), { workers: 2 })
  shared.signal('SIGTERM')
  t.equal(await shared.code, 0)
  t.equal(shared.err, '')
})

t.test('a wrong REDIS_URL is reported', async (t) => {
  t.match(
    await fail(t, `${SERVER} export default notes`, { env: { REDIS_URL: 'localhost' } }),
    /^server\.ts failed:\n.*option 'url' must be a URL, such as 'redis:\/\/localhost:6379'/
  )
})

t.test('with REDIS_URL, the session of a legacy client is kept in Redis', { skip: noServer }, async (t) => {
  const redis = await startRedis(t)
  const running = start(t, SERVER, { exported: 'notes', env: { REDIS_URL: redis.url } })
  await running.waitFor(/Server listening at/)
  const [, url] = /Server listening at (http:[^"]+)/.exec(running.out) ?? []

  const reply = await fetch(new URL('/mcp', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'Client', version: '1' } }
    })
  })

  const session = reply.headers.get('mcp-session-id')
  await reply.text()
  t.equal(reply.status, 200)
  t.type(session, 'string')
  t.not(await redis.client.dbsize(), 0)
  // Before Redis ends.
  running.signal('SIGTERM')
  t.equal(await running.code, 0)
})
