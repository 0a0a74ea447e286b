import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { createMemoryCluster, McpServer, Type } from '../../lib/index.ts'
import { initialize, legacy, modern, modernCall, type Post } from '../support/app.ts'
import { findPort } from '../support/free-port.ts'
import { createGate, readFrames, type Gate } from '../support/stream.ts'

t.setTimeout(120_000)

const page = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')
const HOST = 'mcp.example.com'

/** Why a proxy cannot be run; false where it can. In CI it has to be there. */
function missing (...commands: readonly string[]): string | false {
  const absent = commands.filter((command) => spawnSync(command, ['-h'], { stdio: 'ignore' }).error !== undefined)
  return absent.length === 0 || process.env['CI'] === 'true'
    ? false
    : `not installed: ${absent.join(', ')} (apt-get install ${absent.join(' ')})`
}

/** The configurations that the page shows: the first one is for one node, the second for several. */
function configurationsOf (language: string): [one: string, several: string] {
  const [one, several] = [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))]
    .map(([, block]) => block)
  if (one === undefined || several === undefined) throw new Error(`the page lacks a configuration of ${language}`)
  return [one, several]
}

/** Replaces addresses and paths, each of which must be there. */
function replaceAll (configuration: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no '${from}'`)
    return text.replaceAll(from, to)
  }, configuration)
}

/** The changes that send requests to these ports. */
function nodesAt (ports: readonly string[]): Record<string, string> {
  return Object.fromEntries(ports.map((port, index) => [`10.0.0.${index + 1}:8000`, `127.0.0.1:${port}`]))
}

/** A directory of its own that other users may read: nginx serves as one that has no rights. */
function createDirectory (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'proxy-'))
  chmodSync(directory, 0o755)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Runs a proxy until the test ends; comes back when it listens. */
async function start (
  t: Test, port: number, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output.push(String(chunk)) })
  const ended = once(child, 'close')
  t.teardown(async () => { child.kill('SIGTERM'); await ended })

  const failed = ended.then(() => { throw new Error(`${command} ended:\n${output.join('')}`) })
  failed.catch(() => {})
  let isListening = false
  while (!isListening) isListening = await Promise.race([failed, tryToConnect(port)])
}

function tryToConnect (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => setImmediate(resolve, false))
  })
}

/** The app of the page, with a tool that reports on its work and goes on once it is let. */
async function startApp (t: Test): Promise<{ readonly port: string, readonly goOn: Gate }> {
  const goOn = createGate()
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool(
    'whoami',
    {},
    (_args, { request }) => `${request?.ip} by ${request?.protocol} to ${request?.host}`
  )
  server.registerTool('measure', { inputSchema: Type.Object({ text: Type.String() }) }, ({ text }) =>
    String(text.length)
  )
  server.registerTool('work', {}, async (_args, ctx) => {
    await ctx.reportProgress(1, 2)
    await goOn.promise
    return 'done'
  })
  const app = Fastify({ trustProxy: '127.0.0.1' })
  app.register(mcpPlugin, { prefix: '/notes', server, publicUrl: `https://${HOST}`, health: true })
  t.teardown(() => app.close())
  return { port: new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port, goOn }
}

type Send = (
  post: Partial<Omit<Post, 'method'>> & { readonly method?: string },
  headers?: Record<string, string>
) => Promise<IncomingMessage>

const WORK = modernCall(
  'work',
  {},
  {
    headers: { accept: 'application/json, text/event-stream', 'accept-encoding': 'gzip, br' },
    meta: { progressToken: 'p' }
  }
)

function createSend (port: number, ca?: string): Send {
  return async function send ({ method = 'POST', url = '/notes/mcp', headers = {}, payload }, more = {}) {
    const options = {
      host: '127.0.0.1',
      port,
      path: url,
      method,
      agent: false,
      headers: { ...headers, host: HOST, ...more }
    }
    const sent = ca === undefined ? request(options) : requestTls({ ...options, servername: HOST, ca })
    sent.end(payload)
    const [response] = await once(sent, 'response')
    return response
  }
}

function framesOf (response: IncomingMessage): AsyncGenerator<string> {
  return readFrames(new Response(Readable.toWeb(response) as ReadableStream))
}

const bare = (post: Post): Post => ({ ...post, url: '/notes/mcp' })

/** Checks that a mount works in the same way behind the proxy. */
async function serves (t: Test, send: Send, goOn: Gate, protocol = 'https'): Promise<void> {
  const spoofed = {
    'x-forwarded-for': '198.51.100.1',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'ftp',
    forwarded: 'for=198.51.100.1;host=evil.example'
  }

  const working = await send(bare(WORK))
  t.equal(working.headers['content-type'], 'text/event-stream')
  t.equal(working.headers['content-encoding'], undefined)
  const frames = framesOf(working)
  t.equal((await frames.next()).value, ': open')
  t.match((await frames.next()).value, /notifications\/progress/)
  goOn.open()
  t.match((await frames.next()).value, /"text":"done"/)
  t.equal((await frames.next()).done, true)

  const opened = await send(bare(initialize()))
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  await json(opened)
  const listening = await send({ method: 'GET', headers: { ...session, accept: 'text/event-stream' } })
  t.equal((await framesOf(listening).next()).value, ': open')
  t.equal((await send({ method: 'DELETE', headers: session })).statusCode, 200)

  const long = 'x'.repeat(3_000_000)
  t.match(await json(await send(bare(modernCall('measure', { text: long })))), {
    result: { content: [{ text: '3000000' }] }
  })

  t.equal((await send(bare(modern('tools/list')), { host: 'evil.example', 'x-forwarded-host': HOST })).statusCode, 421)
  t.equal((await send(bare(modern('tools/list')), { origin: 'https://evil.example' })).statusCode, 403)
  t.equal((await send({ method: 'GET', url: '/notes/health/ready' })).statusCode, 200)
  t.match(await json(await send(bare(modernCall('whoami')), spoofed)), {
    result: { content: [{ text: `127.0.0.1 by ${protocol} to ${HOST}` }] }
  })
}

async function startNginx (t: Test, site: string, changes: Readonly<Record<string, string>>): Promise<Send> {
  const directory = createDirectory(t)
  const [key, certificate, configuration] = ['key.pem', 'certificate.pem', 'nginx.conf'].map((name) =>
    join(directory, name)
  )
  if (key === undefined || certificate === undefined || configuration === undefined) throw new Error('no paths')
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${HOST}`,
      '-addext',
      `subjectAltName=DNS:${HOST}`,
      '-days',
      '2',
      '-keyout',
      key,
      '-out',
      certificate
    ],
    { stdio: 'ignore' }
  )
  const port = await findPort()
  const changed = replaceAll(site, {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/ssl/certs/mcp.example.com.pem': certificate,
    '/etc/ssl/private/mcp.example.com.key': key,
    ...changes
  })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`
  )
  // The directives around a site in Debian's nginx.conf.
  writeFileSync(
    configuration,
    `daemon off;\npid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp ` +
      `{\naccess_log off;\ngzip on;\n${temporary.join('\n')}\n${changed}}\n`
  )
  await start(t, port, 'nginx', ['-p', directory, '-e', 'stderr', '-c', configuration])
  return createSend(port, readFileSync(certificate, 'utf8'))
}

const [nginxSite, nginxUpstream] = configurationsOf('nginx')

t.test(
  'the documented configuration of nginx serves a mount and passes streams on',
  { skip: missing('nginx', 'openssl') },
  async (t) => {
    const { port, goOn } = await startApp(t)

    await serves(t, await startNginx(t, nginxSite, { '127.0.0.1:8000': `127.0.0.1:${port}` }), goOn)
  }
)

t.test('nginx passes streams on even with proxy_buffering on', { skip: missing('nginx', 'openssl') }, async (t) => {
  const { port, goOn } = await startApp(t)
  const changes = { '127.0.0.1:8000': `127.0.0.1:${port}`, 'proxy_buffering off;': 'proxy_buffering on;' }

  await serves(t, await startNginx(t, nginxSite, changes), goOn)
})

const [caddySite, caddyNodes] = configurationsOf('caddyfile')

async function startCaddy (t: Test, site: string, changes: Readonly<Record<string, string>>): Promise<Send> {
  const directory = createDirectory(t)
  const port = await findPort()
  // By http, because no certificate is to be had for this name.
  const changed = replaceAll(site, { 'mcp.example.com {': `http://:${port} {`, ...changes })
  writeFileSync(join(directory, 'Caddyfile'), `{\n  admin off\n}\n${changed}`)
  await start(t, port, 'caddy', ['run', '--config', join(directory, 'Caddyfile')], {
    ...process.env,
    HOME: directory,
    XDG_DATA_HOME: directory,
    XDG_CONFIG_HOME: directory
  })
  return createSend(port)
}

t.test(
  'the documented configuration of Caddy serves a mount and passes streams on',
  { skip: missing('caddy') },
  async (t) => {
    const { port, goOn } = await startApp(t)

    await serves(t, await startCaddy(t, caddySite, { '127.0.0.1:8000': `127.0.0.1:${port}` }), goOn, 'http')
  }
)

/** One of the nodes behind a balancer. */
interface Node {
  readonly port: string
  /** Closes without notice. */
  close (): Promise<void>
  /** Closes once a balancer that checks health knows that the node is about to leave. */
  leave (): Promise<void>
}

/** Starts three apps that share their clients. Their tool answers with the port of the app. */
async function startNodes (t: Test): Promise<Node[]> {
  const cluster = createMemoryCluster()
  return await Promise.all([1, 2, 3].map(async () => {
    const server = new McpServer({ name: 'Notes', version: '1.0.0' }, {
      requestState: { keys: ['a secret of 32 bytes or more, the same on all nodes'] }
    })
    const app = Fastify({ trustProxy: '127.0.0.1' })
    let isLeaving = false
    let refusals = 0
    const known = createGate()
    const ready = (): boolean => {
      // The balancer sends a check only after it has seen the answer to the one before.
      if (isLeaving && ++refusals === 2) known.open()
      return !isLeaving
    }
    server.registerTool('which_node', {}, (_args, { request }) => String(request?.socket.localPort))
    app.register(mcpPlugin, { prefix: '/notes', server, cluster, publicUrl: `https://${HOST}`, health: { ready } })
    t.teardown(() => app.close())
    return {
      port: new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port,
      async close () { await app.close() },
      async leave () {
        isLeaving = true
        await known.promise
        await app.close()
      }
    }
  }))
}

/** Calls the tool in a session so often that each node has its turn; returns the ports that answered. */
async function askAll (send: Send, session: Record<string, string>): Promise<string[]> {
  const ports: string[] = []
  for (let count = 0; count < 6; count++) {
    const response = await send(bare(legacy('tools/call', { name: 'which_node', arguments: {} })), session)
    const { result } = await json(response) as { result: { content: ReadonlyArray<{ text: string }> } }
    ports.push(result.content[0]?.text ?? '')
  }
  return [...new Set(ports)].sort()
}

/** Checks that every node serves the same session, and that no call reaches a node that has closed. */
async function balances (t: Test, send: Send, nodes: readonly Node[], end: 'close' | 'leave'): Promise<void> {
  const opened = await send(bare(initialize()))
  const session = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  await json(opened)

  t.same(await askAll(send, session), nodes.map(({ port }) => port).sort())
  const [gone, ...others] = nodes
  await gone?.[end]()
  t.same(await askAll(send, session), others.map(({ port }) => port).sort())
}

t.test(
  'behind nginx, several nodes share a session without a sticky rule, and no call fails when a node closes',
  { skip: missing('nginx', 'openssl') },
  async (t) => {
    const nodes = await startNodes(t)
    const site = nginxSite.replace(/^upstream mcp \{[\s\S]*?^\}\n/m, nginxUpstream)

    await balances(t, await startNginx(t, site, nodesAt(nodes.map(({ port }) => port))), nodes, 'close')
  }
)

t.test(
  'behind Caddy, several nodes share a session without a sticky rule, and no call fails when a node leaves',
  { skip: missing('caddy') },
  async (t) => {
    const nodes = await startNodes(t)

    await balances(t, await startCaddy(t, caddyNodes, nodesAt(nodes.map(({ port }) => port))), nodes, 'leave')
  }
)
