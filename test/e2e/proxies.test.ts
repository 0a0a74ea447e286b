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
import mcpPlugin, { McpServer, Type } from '../../lib/index.ts'
import { initialize, modern, modernCall, type Post } from '../support/app.ts'
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

/** The configuration that the page shows, with other places in it. */
function configurationOf (language: string, changes: Readonly<Record<string, string>>): string {
  const [, block] = new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'm').exec(page) ?? []
  if (block === undefined) throw new Error(`the page has no configuration of ${language}`)
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no '${from}'`)
    return text.replaceAll(from, to)
  }, block)
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

/** What a mount does, it does behind the proxy, too. */
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

async function startNginx (t: Test, upstream: string, changes: Readonly<Record<string, string>> = {}): Promise<Send> {
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
  const site = configurationOf('nginx', {
    '127.0.0.1:8000': `127.0.0.1:${upstream}`,
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/ssl/certs/mcp.example.com.pem': certificate,
    '/etc/ssl/private/mcp.example.com.key': key,
    ...changes
  })
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`
  )
  // What surrounds a site in Debian's nginx.conf.
  writeFileSync(
    configuration,
    `daemon off;\npid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp ` +
      `{\naccess_log off;\ngzip on;\n${temporary.join('\n')}\n${site}}\n`
  )
  await start(t, port, 'nginx', ['-p', directory, '-e', 'stderr', '-c', configuration])
  return createSend(port, readFileSync(certificate, 'utf8'))
}

t.test(
  'the configuration of nginx on the page serves a mount, and streams flow through it',
  { skip: missing('nginx', 'openssl') },
  async (t) => {
    const { port, goOn } = await startApp(t)

    await serves(t, await startNginx(t, port), goOn)
  }
)

t.test('streams flow through nginx even where it buffers', { skip: missing('nginx', 'openssl') }, async (t) => {
  const { port, goOn } = await startApp(t)

  await serves(t, await startNginx(t, port, { 'proxy_buffering off;': 'proxy_buffering on;' }), goOn)
})

t.test(
  'the configuration of Caddy on the page serves a mount, and streams flow through it',
  { skip: missing('caddy') },
  async (t) => {
    const { port: upstream, goOn } = await startApp(t)
    const directory = createDirectory(t)
    const port = await findPort()
    // By http, because no certificate is to be had for this name.
    const site = configurationOf('caddyfile', {
      '127.0.0.1:8000': `127.0.0.1:${upstream}`,
      'mcp.example.com {': `http://:${port} {`
    })
    writeFileSync(join(directory, 'Caddyfile'), `{\n  admin off\n}\n${site}`)
    await start(t, port, 'caddy', ['run', '--config', join(directory, 'Caddyfile')], {
      ...process.env,
      HOME: directory,
      XDG_DATA_HOME: directory,
      XDG_CONFIG_HOME: directory
    })

    await serves(t, createSend(port), goOn, 'http')
  }
)
