import { McpServer as V1Server } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import mcpExplorer from '../../lib/explorer/index.ts'
import mcpPlugin, { InvalidTokenError, McpServer } from '../../lib/index.ts'
import { createHost, createServer } from '../support/app.ts'
import { createIssuer } from '../support/issuer.ts'
import { buildPage } from '../page.js'

t.before(buildPage)

/** The URL of a file of the page that its index names. */
async function findScript (app: FastifyInstance, prefix = '/explorer'): Promise<string> {
  const { body } = await app.inject(`${prefix}/`)
  const [, path = ''] = /src="\.(\/assets\/main-[^"]+\.js)"/.exec(body) ?? []
  return prefix + path
}

async function listMounts (app: FastifyInstance, url = '/explorer/mounts.json') {
  return (await app.inject(url)).json().mounts
}

/** The mounts that are written into the page. */
function readMounts (page: string) {
  return JSON.parse(/<script id="mounts" type="application\/json">(.*?)<\/script>/s.exec(page)?.[1] ?? '').mounts
}

t.test('the page is served at /explorer by default, below the prefix of its scope', async (t) => {
  const { app } = createHost(t)
  app.register(async (scope) => { scope.register(mcpExplorer) }, { prefix: '/admin' })

  t.match(await app.inject('/admin/explorer/'), {
    statusCode: 200, headers: { 'content-type': 'text/html; charset=utf-8' }
  })
  t.match((await app.inject('/admin/explorer/')).body, '<div id="app">')
})

t.test('the document of an app has the policy of the app, and no origin', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)

  const { headers, body } = await app.inject('/explorer/app.html?connect=https://api.example.com&connect=wss://[::1]:8080' +
    '&resource=https://*.cdn.example&frame=https://a.example/path&base=%27self%27&base=https://a.example;sandbox')

  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  t.equal(headers['content-security-policy'], "default-src 'none'; " +
    "script-src 'unsafe-inline' 'unsafe-eval' blob: https://*.cdn.example; " +
    "style-src 'unsafe-inline' https://*.cdn.example; img-src data: blob: https://*.cdn.example; " +
    'media-src data: blob: https://*.cdn.example; font-src data: https://*.cdn.example; ' +
    'worker-src blob:; connect-src https://api.example.com wss://[::1]:8080; ' +
    "frame-src 'none'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'self'; sandbox allow-scripts allow-forms")
  t.match(body, 'source !== parent')
  t.match((await app.inject('/explorer/app.html')).headers['content-security-policy'], "connect-src 'none';")
})

t.test('a path without a slash is led to the one with a slash, whatever proxies put before it', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer, { prefix: '/tools/look' })

  t.match(await app.inject('/tools/look'), { statusCode: 302, headers: { location: './look/' } })
  t.match(await app.inject('/tools/look?a=1'), { statusCode: 302, headers: { location: './look/?a=1' } })
})

t.test('an app that ignores trailing slashes serves the page, too', async (t) => {
  const { app } = createHost(t, { routerOptions: { ignoreTrailingSlash: true } })
  app.register(mcpExplorer, { prefix: '/explorer' })

  t.equal((await app.inject('/explorer')).statusCode, 302)
  t.equal((await app.inject('/explorer/')).statusCode, 200)
})

t.test('the page may run nothing but its own scripts, and no page may frame it', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)

  const { headers } = await app.inject('/explorer/')

  t.equal(headers['content-security-policy'], "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self' data: blob:; media-src data: blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
  t.match(headers, {
    'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store'
  })
})

t.test('the page may connect to the authorization servers of the mounts, and to their endpoints', async (t) => {
  const { app } = createHost(t)
  const issuer = await createIssuer(t)
  issuer.answers.set('/.well-known/oauth-authorization-server', {
    issuer: issuer.url, token_endpoint: 'https://tokens.example/token'
  })
  app.register(mcpExplorer)
  app.register(mcpPlugin, {
    server: createServer(),
    publicUrl: 'https://api.example.com',
    auth: {
      verify: async () => { throw new InvalidTokenError('unknown') },
      authorizationServers: ['https://api.example.com/tenant', issuer.url],
      requiredScopes: ['notes:read']
    }
  })
  await app.ready()

  const policy = (await app.inject('/explorer/')).headers['content-security-policy']
  t.match(policy, `connect-src 'self' https://api.example.com ${issuer.url} https://tokens.example;`)
  t.match(await listMounts(app), [{ auth: { kind: 'oauth', scopes: ['notes:read'] } }])
})

t.test('files with a hash in their names are kept for a year, and others are asked for again', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)
  const url = await findScript(app)

  const script = await app.inject(url)

  t.match(script, {
    statusCode: 200,
    headers: {
      'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8'
    }
  })
  const ask = async (headers: Record<string, string>) => await app.inject({ url: '/explorer/callback.html', headers })
  const { headers } = await ask({})
  t.equal(headers['cache-control'], 'no-cache')
  t.equal((await ask({ 'if-none-match': `"other", ${headers.etag}` })).statusCode, 304)
  t.equal((await ask({ 'if-none-match': '"other"' })).statusCode, 200)
})

t.test('files are compressed for clients that take gzip', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)
  const url = await findScript(app)

  const plain = await app.inject(url)
  const compressed = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } })

  t.equal(plain.headers['content-encoding'], undefined)
  t.match(compressed.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding' })
  t.ok(compressed.rawPayload.length < plain.rawPayload.length / 2)
  t.same((await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })).rawPayload, compressed.rawPayload)
})

t.test('the first view has less than 150 KB', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)
  const { body } = await app.inject('/explorer/')

  const files = [...body.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => `/explorer/${path}`)
  const sizes = await Promise.all(files.map(async (url) => {
    return (await app.inject({ url, headers: { 'accept-encoding': 'gzip' } })).rawPayload.length
  }))

  t.ok(files.length >= 3, files.join(' '))
  t.ok(sizes.reduce((sum, size) => sum + size, body.length) < 150_000, sizes.join(' + '))
})

t.test('no other file is served', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)

  for (const path of ['assets/none.js', 'assets/..%2Findex.html', 'sources.json', 'assets/__proto__']) {
    t.equal((await app.inject(`/explorer/${path}`)).statusCode, 404, path)
  }
  t.equal((await app.inject('/explorer/callback.html')).statusCode, 200)
})

t.test('hooks of the scope protect the explorer, and authorize sees what they have found', async (t) => {
  const { app } = createHost(t)
  app.decorateRequest('user', '')
  app.addHook('preHandler', async (request) => { Reflect.set(request, 'user', request.headers['x-user']) })
  app.register(mcpExplorer, { authorize: (request) => Reflect.get(request, 'user') === 'ann' })
  app.get('/other', async () => 'open')

  for (const path of ['/', '', '/mounts.json', '/callback.html', '/assets/x.js']) {
    t.equal((await app.inject(`/explorer${path}`)).statusCode, 403, path)
  }
  t.equal((await app.inject({ url: '/explorer/', headers: { 'x-user': 'ann' } })).statusCode, 200)
  t.equal((await app.inject('/other')).statusCode, 200)
})

t.test('what authorize throws reaches the error handler of the app', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer, {
    authorize: async () => { throw Object.assign(new Error('sign in'), { statusCode: 401 }) }
  })

  t.equal((await app.inject('/explorer/')).statusCode, 401)
})

t.test('in production it is refused unless the app says who may open it', async (t) => {
  const { NODE_ENV } = process.env
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = NODE_ENV
  })
  process.env['NODE_ENV'] = 'production'
  const register = async (options: object): Promise<unknown> => await createHost(t).app.register(mcpExplorer, options)

  await t.rejects(register({}), {
    code: 'MCP_ERR_INVALID_OPTION', message: /^option 'authorize' is missing, and NODE_ENV is production/
  })
  await t.rejects(register({ allowInProduction: false }), { code: 'MCP_ERR_INVALID_OPTION' })
  await t.resolves(register({ allowInProduction: true }))
  await t.resolves(register({ authorize: () => true }))
})

t.test('wrong and unknown options are refused', async (t) => {
  const register = async (options: object): Promise<unknown> => await createHost(t).app.register(mcpExplorer, options)

  await t.rejects(register({ authorise: () => true }), {
    message: "option 'authorise' does not exist; the options are prefix, authorize, allowInProduction, watch"
  })
  await t.rejects(register({ authorize: true }), { message: "option 'authorize' must be a function" })
  await t.rejects(register({ prefix: '/explorer/' }), {
    message: "option 'prefix' must begin with '/' and have no '/' at its end, such as '/explorer'"
  })
  await t.resolves(register({ logLevel: 'warn' }))
})

t.test('the page learns of all mounts of the app, with URLs relative to itself', async (t) => {
  const { app } = createHost(t)
  app.register(async (scope) => { scope.register(mcpExplorer, { prefix: '/admin/look' }) }, { prefix: '/v1' })
  app.register(mcpPlugin, { prefix: '/notes', server: createServer() })
  app.register(async (scope) => {
    scope.register(mcpPlugin, {
      name: 'Bare',
      path: '/',
      server: new McpServer({ name: 'B', version: '2.0.0', title: 'Bee' }),
      legacy: false,
      jsonResponse: true,
      auth: { authenticate: () => null }
    })
  }, { prefix: '/v1/bare' })
  const factory = (): V1Server => new V1Server({ name: 'V1', version: '1.0.0' })
  app.register(mcpPlugin, { name: 'Factory', path: '/factory', stateless: true, server: factory })

  const response = await app.inject('/v1/admin/look/mounts.json')

  t.equal(response.headers['cache-control'], 'no-store')
  t.same(readMounts((await app.inject('/v1/admin/look/')).body), response.json().mounts)
  t.match((await app.inject('/v1/admin/look/')).headers['content-security-policy'], "connect-src 'self';")
  t.same(response.json(), {
    mounts: [
      {
        name: 'Notes',
        path: '/notes/mcp',
        url: '../../../notes/mcp',
        publicUrl: '/notes/mcp',
        params: [],
        eras: ['modern', 'legacy'],
        hasSessions: true,
        hasStreams: true,
        bodyLimit: 4_194_304,
        auth: { kind: 'none' },
        info: { name: 'Notes', version: '1.0.0' }
      },
      {
        name: 'Bare',
        path: '/v1/bare',
        url: '../../../v1/bare',
        publicUrl: '/v1/bare',
        params: [],
        eras: ['modern'],
        hasSessions: false,
        hasStreams: false,
        bodyLimit: 4_194_304,
        auth: { kind: 'app' },
        info: { name: 'B', version: '2.0.0', title: 'Bee' }
      },
      {
        name: 'Factory',
        path: '/factory',
        url: '../../../factory',
        publicUrl: '/factory',
        params: [],
        eras: ['modern', 'legacy'],
        hasSessions: false,
        hasStreams: true,
        bodyLimit: 4_194_304,
        auth: { kind: 'none' }
      }
    ],
    canWatch: false
  })
})

t.test('parameters of a path that the page has, too, are filled in, and the page asks for the others', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer, { prefix: '/:tenant/explorer' })
  app.register(mcpPlugin, { prefix: '/:tenant/:region', server: createServer() })

  t.match(await listMounts(app, '/a%20b/explorer/mounts.json'), [
    { url: '../../a%20b/:region/mcp', params: ['region'] }
  ])
})

t.test('names of mounts cannot end the element that they are written into', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)
  const name = '</script><script>alert(1)</script><!--'
  app.register(mcpPlugin, { name, server: createServer() })

  t.match(readMounts((await app.inject('/explorer/')).body), [{ name }])
})

t.test('an app without mounts has an empty list', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)

  t.same(await listMounts(app), [])
  t.equal((await app.inject('/explorer/')).statusCode, 200)
})
