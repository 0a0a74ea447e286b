import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSocketServer, type AddressInfo, type Server } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { Failure } from '../../lib/cli/command.ts'
import { explain } from '../../lib/cli/refusal.ts'
import { runProgram } from '../../lib/cli/program.ts'
import mcpPlugin, { InvalidTokenError, McpServer, Type, type McpMountOptions } from '../../lib/index.ts'
import { findPort } from '../support/free-port.ts'
import { createTestTerminal } from './terminal.ts'

const ERAS = ['modern', 'legacy']

/** Runs an `inspect` that fails without output. Resolves to its standard error. */
async function fail (t: Test, url: string, ...args: string[]): Promise<string> {
  const test = createTestTerminal()
  t.equal(await runProgram(['inspect', url, ...args], test.terminal), 1)
  t.equal(test.out, '')
  return test.err
}

async function open (t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Starts a web server that is not an MCP server. */
async function answer (
  t: Test,
  status: number,
  headers: { readonly [name: string]: string } = {},
  body = ''
): Promise<string> {
  const reply: RequestListener = (_request, response) => {
    response.writeHead(status, headers).end(body)
  }
  return `http://${await open(t, createServer(reply))}/mcp`
}

async function mount (t: Test, options: Partial<McpMountOptions>): Promise<string> {
  const app = Fastify()
  const server = new McpServer({ name: 'Notes', version: '1' })
  server.registerTool('wait', { inputSchema: Type.Object({}) }, async (_args, { signal }) => {
    await once(signal, 'abort')
    return ''
  })
  server.registerTool('write', { scopes: ['notes:write'] }, async () => '')
  app.register(mcpPlugin, { server, closeGracePeriod: 0, ...options })
  t.teardown(() => app.close())
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`
}

t.test('explains a port that nothing listens on', async (t) => {
  const host = `127.0.0.1:${await findPort()}`

  for (const era of ERAS) {
    t.equal(
      await fail(t, `http://${host}/mcp`, '--era', era),
      `Nothing listens at ${host}: connection refused. Start the server, or check host and port.\n`
    )
  }
})

t.test('explains a host without an address', async (t) => {
  t.match(
    await fail(t, 'http://nowhere.invalid/mcp'),
    /^There is no host named 'nowhere\.invalid' \((?:ENOTFOUND|EAI_AGAIN)\)\. Check the URL\.\n$/
  )
})

t.test('explains a connection that is cut', async (t) => {
  const host = await open(t, createSocketServer((socket) => { socket.once('data', () => socket.destroy()) }))

  t.match(
    await fail(t, `http://${host}/mcp`),
    new RegExp(`^${host} closed the connection \\([A-Z_]+\\)\\. It may speak https only, or have ended\\.\n$`)
  )
})

t.test('explains a certificate that is not trusted, and a port without TLS', async (t) => {
  const url = new URL('https://notes.example/mcp')
  const failed = new TypeError('fetch failed', {
    cause: Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  t.equal(
    explain(failed, {}, { url, hasToken: false, timeout: 1 }).message,
    'The certificate of notes.example is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). Set the environment variable ' +
      'NODE_EXTRA_CA_CERTS to the certificate of its issuer.'
  )
  const host = await open(t, createSocketServer((socket) => { socket.once('data', () => socket.destroy()) }))
  t.match(
    await fail(t, `https://${host}/mcp`),
    /^127\.0\.0\.1:\d+ closed the connection \([A-Z_]+\)\. It may speak http only, or have ended\.\n$/
  )
})

t.test('explains a path without an endpoint', async (t) => {
  const endpoint = await mount(t, {})
  const url = endpoint.replace('/mcp', '/notes')

  for (const era of ERAS) {
    t.equal(
      await fail(t, url, '--era', era),
      `There is no MCP endpoint at ${url} (404). Check the path: that of a mount is its prefix and '/mcp', unless ` +
        'its \'path\' says otherwise; \'fastify-mcp-mount dev\' prints it.\n'
    )
  }
})

t.test('explains a host that the mount does not serve', async (t) => {
  const url = await mount(t, { allowedHosts: ['notes.example'] })
  const { host } = new URL(url)

  for (const era of ERAS) {
    t.equal(
      await fail(t, url, '--era', era),
      `${url} does not serve the host '${host}' (421). Add '${host}' to the mount's 'allowedHosts', or set its ` +
        '\'publicUrl\'; behind a proxy, pass the Host header on.\n'
    )
  }
})

t.test('explains an origin that the mount does not allow', async (t) => {
  const url = await mount(t, {})

  t.equal(
    await fail(t, url, '--header', 'Origin: https://evil.example'),
    `${url} refuses the request (403): Invalid Origin header. If it names the Origin, add that to the mount's ` +
      '\'allowedOrigins\'; otherwise the caller may not do this.\n'
  )
})

t.test('explains a missing token, an invalid one, and one that lacks a scope', async (t) => {
  const verify = (token: string) => {
    if (token === 'old') throw new InvalidTokenError('The token has expired')
    return { token, clientId: 'me', scopes: [], expiresAt: 9_999_999_999, audience: 'https://notes.example/mcp' }
  }
  const url = await mount(t, {
    publicUrl: 'https://notes.example',
    allowedHosts: ['127.0.0.1:*'],
    auth: { verify: verify as never, authorizationServers: ['https://auth.example'] }
  })
  const where = 'https://notes.example/.well-known/oauth-protected-resource/mcp says who issues tokens.'

  for (const era of ERAS) {
    t.equal(
      await fail(t, url, '--era', era),
      `${url} needs authorization (401): pass --token <token>, or a --header of your own. ${where}\n`
    )
    t.equal(
      await fail(t, url, '--era', era, '--token', 'old'),
      `${url} refuses this token (401): The token has expired. Get a new one. ${where}\n`
    )
    t.equal(
      await fail(t, url, 'call', 'write', '--era', era, '--token', 'good'),
      `${url} refuses this token (403): it lacks the scope notes:write. Get a token with that scope.\n`
    )
  }
})

t.test('explains challenges with fewer parameters', async (t) => {
  const bare = await answer(t, 401)
  const scoped = await answer(t, 403, { 'www-authenticate': 'Bearer error=insufficient_scope' })

  t.equal(await fail(t, bare), `${bare} needs authorization (401): pass --token <token>, or a --header of your own.\n`)
  t.equal(
    await fail(t, bare, '--token', 'a'),
    `${bare} refuses this token (401): it is not valid here. Get a new one.\n`
  )
  t.equal(
    await fail(t, scoped, '--token', 'a'),
    `${scoped} refuses this token (403): it lacks the scope that is needed. Get a token with that scope.\n`
  )
})

t.test('explains servers that are not MCP servers', async (t) => {
  const page = await answer(t, 200, { 'content-type': 'text/html' }, '<html>')
  const nothing = await answer(t, 200)
  const json = await answer(t, 200, { 'content-type': 'application/json' }, '{"hello":"world"}')
  const broken = await answer(t, 200, { 'content-type': 'application/json' }, '{')
  const elsewhere = await answer(t, 308, { location: '/other' })
  const down = await answer(t, 502, { 'content-type': 'text/html' }, '<html>')
  const busy = await answer(t, 503, {}, 'Too\u001b[2J many.')
  const unwilling = await answer(t, 406)
  const lacking = await answer(
    t,
    404,
    { 'content-type': 'application/json' },
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'
  )
  const picky = await answer(t, 415, { 'content-type': 'application/json' }, '{"message":"No JSON."}')
  const wrong = await answer(t, 400, {}, 'Wrong')

  for (const era of ERAS) {
    t.equal(
      await fail(t, page, '--era', era),
      `${page} answers, but is not an MCP endpoint: it sends text/html. Check the path.\n`
    )
    t.equal(
      await fail(t, nothing, '--era', era),
      `${nothing} answers, but is not an MCP endpoint: it sends no content type. Check the path.\n`
    )
    t.equal(
      await fail(t, broken, '--era', era),
      `${broken} answers, but is not an MCP endpoint: it sends JSON of another kind. Check the path.\n`
    )
    t.equal(
      await fail(t, json, '--era', era),
      `${json} answers, but is not an MCP endpoint: it sends JSON of another kind. Check the path.\n`
    )
    t.equal(await fail(t, down, '--era', era), `${down} failed with 502. Look into the log of the server.\n`)
    t.equal(await fail(t, busy, '--era', era), `${busy} failed with 503: Too many. Look into the log of the server.\n`)
    t.equal(
      await fail(t, picky, '--era', era),
      `${picky} does not accept what MCP clients send (415): {"message":"No JSON."}. Check that this is the ` +
        'endpoint of an MCP server.\n'
    )
    t.equal(
      await fail(t, unwilling, '--era', era),
      `${unwilling} does not accept what MCP clients send (406). Check that this is the endpoint of an MCP server.\n`
    )
    t.equal(await fail(t, lacking, '--era', era), `${lacking} answered with error -32601: Method not found\n`)
    t.equal(await fail(t, wrong, '--era', era), `${wrong} failed with 400: Wrong. Check the URL and the headers.\n`)
  }
  t.equal(
    await fail(t, elsewhere),
    `${elsewhere} redirects to somewhere else (308); pass the URL that it redirects to.\n`
  )
})

t.test('explains a mount that does not serve the requested era', async (t) => {
  const url = await mount(t, { legacy: false })

  t.equal(
    await fail(t, url, '--era', 'legacy'),
    `${url} answered with error -32022: Unsupported protocol version. Ask without --era.\n`
  )
})

t.test('explains a timeout', async (t) => {
  const url = await mount(t, { keepAliveInterval: 0 })

  for (const era of ERAS) {
    t.equal(
      await fail(t, url, 'call', 'wait', '--era', era, '--timeout', '300'),
      `${url} did not answer in 300 ms. Wait for longer with --timeout <ms>.\n`
    )
  }
})

t.test('an unknown error is quoted in one line', async (t) => {
  const asked = { url: new URL('http://127.0.0.1/mcp'), hasToken: false, timeout: 1 }
  const told = new Failure('It is told already.')

  t.equal(explain(told, {}, asked), told)
  t.equal(
    explain(new Error('odd\u001b[2J\nthing'), {}, asked).message,
    'The request to http://127.0.0.1/mcp failed: odd thing'
  )
  const failed = new TypeError('fetch failed', {
    cause: Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })
  })
  t.equal(
    explain(failed, {}, asked).message,
    '127.0.0.1 cannot be reached (EHOSTUNREACH). Check host and port, and the network between.'
  )
  const several = Object.assign(new Error('several'), {
    errors: [Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })]
  })
  t.equal(
    explain(new TypeError('fetch failed', { cause: several }), {}, asked).message,
    'Nothing listens at 127.0.0.1: connection refused. Start the server, or check host and port.'
  )
})
