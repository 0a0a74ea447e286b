// The examples of access and its traces: tokens, an account at another service, hooks.
import { createHash, randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { failureOf } from '../support/clients.ts'
import { findPort } from '../support/free-port.ts'
import { until } from '../support/stream.ts'
import { callByHand, connectWithHeaders, send, textOf, withExample } from './example.ts'

// Processes take long to start on a busy machine.
t.setTimeout(300_000)

t.test('bearer: a token opens the server, and its scopes the tools', async (t) => {
  const port = await findPort()
  await withExample(t, 'bearer', { env: { PORT: String(port), ISSUER: undefined } }, async ({ url, lines }) => {
    const tokenOf = (subject: string): string =>
      lines
        .map((line) => new RegExp(`^Token of the ${subject}: (\\S+)$`).exec(line)?.[1])
        .find((found) => found !== undefined) ?? ''
    const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
    const [header, payload, signature = ''] = tokenOf('reader').split('.')
    const reader = await connectWithHeaders(t, url, bearer(tokenOf('reader')))
    const writer = await connectWithHeaders(t, url, bearer(tokenOf('writer')))

    t.match(await callByHand(url, 'list_notes', {}), {
      status: 401,
      headers: { 'www-authenticate': /^Bearer scope="notes:read", resource_metadata="http:/ }
    })
    t.match(
      await callByHand(
        url,
        'list_notes',
        {},
        bearer(`${header}.${payload}.${signature.replace(/./, (first) => (first === 'A' ? 'B' : 'A'))}`)
      ),
      {
        status: 401,
        headers: { 'www-authenticate': /error="invalid_token"/ }
      }
    )
    t.match(await callByHand(url, 'add_note', { text: 'No' }, bearer(tokenOf('reader'))), {
      status: 403, headers: { 'www-authenticate': /error="insufficient_scope".*scope="notes:read notes:write"/ }
    })
    t.match(await send(`http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`, 'GET', {}), {
      status: 200,
      body: {
        resource: url,
        authorization_servers: [`http://127.0.0.1:${port}/issuer`],
        scopes_supported: ['notes:read', 'notes:write']
      }
    })
    t.same((await reader.listTools()).tools.map(({ name }) => name), ['list_notes'])
    t.equal(textOf(await writer.callTool({ name: 'add_note', arguments: { text: 'Buy milk' } })), 'Saved for writer')
    t.equal(textOf(await reader.callTool({ name: 'list_notes' })), 'writer: Buy milk')
  })
})

interface Provider {
  readonly url: string
  readonly code: string
  close(): Promise<void>
  prepare(challenge: string, redirectUri: string): void
}

/** A service with calendars, whose user says yes: its code is good for one token. */
async function startProvider (t: Test): Promise<Provider> {
  const provider = Fastify({ forceCloseConnections: true })
  const code = randomUUID()
  let expected: { readonly [name: string]: string } | undefined
  provider.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  provider.get('/', async () => 'Calendars')
  provider.post<{ Body: { readonly [name: string]: string } }>(
    '/token',
    async ({ body: { code_verifier: verifier = '', ...rest } }, reply) => {
      const given = { ...rest, challenge: createHash('sha256').update(verifier).digest('base64url') }
      const isRight =
        JSON.stringify(Object.entries(given).sort()) === JSON.stringify(Object.entries(expected ?? {}).sort())
      expected = undefined
      return isRight
        ? { access_token: 'of-ann', token_type: 'Bearer' }
        : reply.code(400).send({ error: 'invalid_grant' })
    }
  )
  provider.get('/events', async ({ headers }, reply) =>
    headers.authorization === 'Bearer of-ann' ? 'Lunch with Bob' : reply.code(401).send()
  )
  t.teardown(() => provider.close())
  return {
    url: await provider.listen({ port: 0, host: '127.0.0.1' }),
    code,
    close: () => provider.close(),
    prepare (challenge, redirectUri) {
      expected = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        client_id: 'app',
        client_secret: 'hush',
        challenge
      }
    }
  }
}

t.test('health-and-callback: a user connects an account by routes beside the endpoint', async (t) => {
  const provider = await startProvider(t)
  await withExample(
    t,
    'health-and-callback',
    { env: { PROVIDER: provider.url, CLIENT_ID: 'app', CLIENT_SECRET: 'hush' } },
    async ({ url }) => {
      const base = url.replace(/mcp$/, '')
      const basic = (user: string, password: string): { authorization: string } => ({
        authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
      })
      const ann = await connectWithHeaders(t, url, basic('ann', 'secret'))
      const bob = await connectWithHeaders(t, url, basic('bob', 'hidden'))

      // At first no account is connected, and a request without a password is refused.
      t.match(await callByHand(url, 'list_events', {}, basic('ann', 'guess')), { status: 401 })
      t.match(await send(`${base}connect`, 'GET', {}), {
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="Calendar"' }
      })
      t.match(await ann.callTool({ name: 'list_events' }), {
        isError: true,
        content: [{ text: `No account is connected. Have the user open ${base}connect` }]
      })

      // The browser is sent to the provider, and comes back.
      const begun = await send(`${base}connect`, 'GET', basic('ann', 'secret'))
      const authorize = new URL(String(begun.headers.location))
      const {
        state = '',
        code_challenge: challenge = '',
        redirect_uri: redirectUri = '',
        ...query
      } = Object.fromEntries(authorize.searchParams)
      const [cookie = ''] = begun.headers['set-cookie'] ?? []
      provider.prepare(challenge, redirectUri)
      t.same(
        [begun.status, authorize.origin, authorize.pathname, query],
        [302, provider.url, '/authorize', { response_type: 'code', client_id: 'app', code_challenge_method: 'S256' }]
      )
      t.match(cookie, `state=${state}; HttpOnly; SameSite=Lax; Path=/calendar/callback`)
      const callback = `${redirectUri}?${new URLSearchParams({ code: provider.code, state })}`
      const ended = await send(callback, 'GET', { cookie: `theme=dark; state=${state}` })
      const again = await send(callback, 'GET', { cookie: `state=${state}` })

      t.match(ended, { status: 200, body: { message: 'Connected. You may close this page.' } })
      t.match(again, { status: 400, body: { message: 'Begin again at connect' } }, 'a state is good for one time')
      t.match(textOf(await ann.callTool({ name: 'list_events' })), 'Lunch with Bob')
      t.match(await bob.callTool({ name: 'list_events' }), { isError: true }, 'the account is of one user')

      // Another browser cannot end what one has begun, nor can a made-up code.
      const other =
        new URL(
          String((await send(`${base}connect`, 'GET', basic('bob', 'hidden'))).headers.location)
        ).searchParams.get('state') ?? ''
      t.match(await send(`${redirectUri}?${new URLSearchParams({ code: 'x', state: other })}`, 'GET', {}), {
        status: 400
      })
      const forged =
        new URL(
          String((await send(`${base}connect`, 'GET', basic('bob', 'hidden'))).headers.location)
        ).searchParams.get('state') ?? ''
      t.match(
        await send(`${redirectUri}?${new URLSearchParams({ code: 'x', state: forged })}`, 'GET', {
          cookie: `state=${forged}`
        }),
        { status: 502 }
      )

      // Ready is who can work: not without the provider.
      t.match(await send(`${base}health`, 'GET', {}), { status: 200, body: { status: 'ok' } })
      await provider.close()
      t.match(await send(`${base}health`, 'GET', {}), { status: 503, body: { status: 'unavailable' } })
      t.match(await send(`${base}health/live`, 'GET', {}), { status: 200, body: { status: 'ok' } })
    }
  )
})

t.test('hooks: ids and traces are in the log and in replies, and each request is timed', async (t) => {
  await withExample(t, 'hooks', {}, async ({ url, lines }) => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const logged = (msg: string, reqId: string): { readonly [key: string]: unknown } | undefined =>
      lines
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
        .find((line) => line.msg === msg && line.reqId === reqId)

    const reply = await callByHand(
      url,
      'count_words',
      { text: 'one two' },
      { 'x-request-id': 'abc-1', traceparent: `00-${traceId}-b7ad6b7169203331-01` }
    )
    await until(() => logged('MCP request served', 'abc-1') !== undefined)
    const plain = await callByHand(
      url,
      'count_words',
      { text: '' },
      { 'x-request-id': '{"level":50}', traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }
    )
    const client = await connectWithHeaders(t, url, { 'x-request-id': 'of-client' })
    await client.callTool({
      name: 'count_words',
      arguments: { text: 'x' },
      _meta: { traceparent: `00-${traceId.replace('0af', 'fff')}-b7ad6b7169203331-01` }
    })
    const refused = await failureOf(client.callTool({ name: 'no_tool' }))
    await until(() => logged('counting', 'of-client') !== undefined)

    t.match(reply, { status: 200, headers: { 'x-request-id': 'abc-1', 'trace-id': traceId } })
    t.match(logged('counting', 'abc-1'), { traceId, length: 7 })
    t.match(logged('MCP call served', 'abc-1'), { traceId, method: 'tools/call', name: 'count_words', ms: Number })
    t.match(logged('MCP request served', 'abc-1'), {
      method: 'tools/call',
      name: 'count_words',
      status: 200,
      ms: Number
    })
    t.match(plain.headers['x-request-id'], /^[0-9a-f-]{36}$/, 'an id that does not look like one is replaced')
    t.match(plain.headers['trace-id'], /^(?!0{32})[0-9a-f]{32}$/, 'and so is a trace that is not valid')
    t.match(logged('counting', 'of-client'), { traceId: traceId.replace('0af', 'fff') }, 'clients may say it in _meta')
    t.match(refused.message, /Unknown tool/)
  })
})
