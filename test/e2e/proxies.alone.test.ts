import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { json } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { createMemoryCluster, McpServer, Type } from '../../lib/index.ts'
import { initialize, legacy, modern, modernCall, type Post } from '../support/app.ts'
import { findPort } from '../support/free-port.ts'
import {
  configurationsOf, createDirectory, missing, nodesAt, replaceAll, startCaddy as runCaddy, startNginx as runNginx,
  withNodes
} from '../support/proxies.ts'
import { createGate, readFrames, type Gate } from '../support/stream.ts'

t.setTimeout(120_000)

const HOST = 'mcp.example.com'

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
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')]
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
  await runNginx(t, port, replaceAll(site, {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    '/etc/ssl/certs/mcp.example.com.pem': certificate,
    '/etc/ssl/private/mcp.example.com.key': key,
    ...changes
  }))
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
  const port = await findPort()
  // By http, because no certificate is to be had for this name.
  await runCaddy(t, port, replaceAll(site, { 'mcp.example.com {': `http://:${port} {`, ...changes }))
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
    const site = withNodes(nginxSite, nginxUpstream)

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
