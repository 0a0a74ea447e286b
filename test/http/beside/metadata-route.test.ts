import t from 'tap'
import { McpServer as SdkServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import mcpPlugin, { McpServer, type McpMountOptions } from '../../../lib/index.ts'
import { createApp, createHost, createServer, modern, mount } from '../../support/app.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const publicUrl = 'https://api.example.com'

function behind (issuer: string, auth: object = {}): Pick<McpMountOptions, 'auth' | 'publicUrl'> {
  return { publicUrl, auth: { verify: () => null, authorizationServers: [issuer], ...auth } }
}

t.test('the metadata of a mount names its authorization servers, and is served to any Host and Origin', async (t) => {
  const { app } = await createApp(t, {
    prefix: '/notes',
    ...behind('https://auth.example.com', {
      requiredScopes: ['read'],
      scopesSupported: ['read', 'write'],
      resourceName: 'All notes',
      resourceDocumentation: 'https://example.com/docs',
      resourcePolicyUri: 'https://example.com/policy',
      resourceTosUri: 'https://example.com/terms'
    })
  })

  const response = await app.inject({ url: `${WELL_KNOWN}/notes/mcp`, headers: { host: 'elsewhere.example', origin: 'https://page.example' } })

  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(response.headers['cache-control'], 'public, max-age=3600')
  t.same(response.json(), {
    resource: 'https://api.example.com/notes/mcp',
    authorization_servers: ['https://auth.example.com'],
    scopes_supported: ['read', 'write'],
    bearer_methods_supported: ['header'],
    resource_name: 'All notes',
    resource_documentation: 'https://example.com/docs',
    resource_policy_uri: 'https://example.com/policy',
    resource_tos_uri: 'https://example.com/terms'
  })
})

t.test('metadata leaves out fields that are not set, and takes scopes_supported from requiredScopes', async (t) => {
  const { app } = await createApp(t, behind('https://auth.example.com', { requiredScopes: ['read'] }))
  const none = await createApp(t, behind('https://auth.example.com', { scopesSupported: [] }))
  const fields = { resource: 'https://api.example.com/mcp', authorization_servers: ['https://auth.example.com'], bearer_methods_supported: ['header'], resource_name: 'Notes' }

  t.same((await app.inject(`${WELL_KNOWN}/mcp`)).json(), { ...fields, scopes_supported: ['read'] })
  t.same((await none.app.inject(`${WELL_KNOWN}/mcp`)).json(), fields)
})

t.test('resource_name is the title of the server, or else its name, or else the name of the mount', async (t) => {
  const info = { name: 'notes', version: '1.0.0' }
  const servers: ReadonlyArray<readonly [server: McpMountOptions['server'], name: string]> = [
    [new McpServer({ ...info, title: 'All my notes' }), 'All my notes'],
    [new McpServer(info), 'notes'],
    [() => new SdkServer(info), '/mcp']
  ]

  for (const [server, name] of servers) {
    const { app } = createHost(t)
    await mount(app, { server, ...behind('https://auth.example.com') })
    t.equal((await app.inject(`${WELL_KNOWN}/mcp`)).json().resource_name, name)
  }
})

t.test('metadata answers HEAD, and a matching If-None-Match gets 304', async (t) => {
  const { app } = await createApp(t, behind('https://auth.example.com'))
  const url = `${WELL_KNOWN}/mcp`

  const { headers: { etag } } = await app.inject(url)
  const head = await app.inject({ method: 'HEAD', url })
  const known = await app.inject({ url, headers: { 'if-none-match': String(etag) } })
  const outdated = await app.inject({ url, headers: { 'if-none-match': '"other"' } })

  t.same([head.statusCode, head.body, head.headers.etag], [200, '', etag])
  t.same([known.statusCode, known.body], [304, ''])
  t.equal(outdated.statusCode, 200)
})

t.test('the metadata of each mount is at the root of the app, however deep the mount is nested', async (t) => {
  const { app } = createHost(t)
  let guarded = 0
  app.register(async (scope) => {
    scope.addHook('onRequest', async () => { guarded++ })
    scope.register(async (inner) => {
      inner.register(mcpPlugin, { prefix: '/notes', server: createServer('Notes'), ...behind('https://one.example') })
    }, { prefix: '/v1' })
    scope.register(mcpPlugin, { prefix: '/tasks', server: createServer('Tasks'), ...behind('https://two.example') })
  }, { prefix: '/api' })
  app.register(mcpPlugin, { server: createServer('Open'), publicUrl })
  await app.ready()

  for (const [path, issuer] of [['/api/v1/notes/mcp', 'https://one.example'], ['/api/tasks/mcp', 'https://two.example']] as const) {
    const refused = await app.inject(modern('tools/list', {}, { url: path }))
    const before = guarded
    const { resource, authorization_servers: issuers } = (await app.inject(`${WELL_KNOWN}${path}`)).json()

    t.match(refused.headers['www-authenticate'], `resource_metadata="${publicUrl}${WELL_KNOWN}${path}"`)
    t.same([resource, issuers], [`${publicUrl}${path}`, [issuer]])
    t.equal(guarded, before)
  }
  t.equal((await app.inject(`${WELL_KNOWN}/mcp`)).statusCode, 404)
  t.equal((await app.inject(`/api${WELL_KNOWN}/tasks/mcp`)).statusCode, 404)
})

t.test('the resource includes the path of publicUrl, without a trailing slash', async (t) => {
  const { app } = await createApp(t, { prefix: '/', path: '/', ...behind('https://auth.example.com') })
  const { app: below } = await createApp(t, { ...behind('https://auth.example.com'), publicUrl: 'https://api.example.com/base/' })

  t.equal((await app.inject(WELL_KNOWN)).json().resource, 'https://api.example.com')
  t.equal((await below.inject(`${WELL_KNOWN}/base/mcp`)).json().resource, 'https://api.example.com/base/mcp')
})

t.test('wellKnownAlias also serves the metadata of one mount without its path', async (t) => {
  const { app } = await createApp(t, { ...behind('https://auth.example.com', { wellKnownAlias: true }) })
  const { app: full } = createHost(t)
  await mount(full, { server: createServer('A'), path: '/a', ...behind('https://auth.example.com', { wellKnownAlias: true }) })

  t.same((await app.inject(WELL_KNOWN)).json(), (await app.inject(`${WELL_KNOWN}/mcp`)).json())
  await t.rejects(mount(full, { server: createServer('B'), path: '/b', ...behind('https://auth.example.com', { wellKnownAlias: true }) }), {
    code: 'MCP_ERR_INVALID_OPTION', message: `option 'auth' cannot serve its metadata at '${WELL_KNOWN}', which is taken; 'wellKnownAlias' is for one mount of an app`
  })
})

t.test('mounts at the same path with different constraints each have their own metadata', async (t) => {
  const { app } = createHost(t)
  for (const name of ['a', 'b']) {
    const host = `${name}.example.com`
    app.register(mcpPlugin, { name, server: createServer(), constraints: { host }, logLevel: 'warn', ...behind(`https://auth.${host}`), publicUrl: `https://${host}` })
  }

  for (const host of ['a.example.com', 'b.example.com']) {
    t.equal((await app.inject({ url: `${WELL_KNOWN}/mcp`, headers: { host } })).json().resource, `https://${host}/mcp`)
  }
})

t.test('each value of a path parameter is a resource with its own metadata', async (t) => {
  const { app } = await createApp(t, { prefix: '/:tenant', ...behind('https://auth.example.com') })

  const refused = await app.inject(modern('tools/list', {}, { url: '/a%20b/mcp' }))
  const metadata = await app.inject(`${WELL_KNOWN}/a%20b/mcp`)

  t.equal(refused.headers['www-authenticate'], `Bearer resource_metadata="${publicUrl}${WELL_KNOWN}/a%20b/mcp"`)
  t.equal(metadata.json().resource, `${publicUrl}/a%20b/mcp`)
})

t.test('auth refuses a path with wildcards or patterns, and an alias for a path with parameters', async (t) => {
  for (const path of ['/*', '/:id(\\d+)', '/:a-:b', '/:file.txt']) {
    await t.rejects(createApp(t, { path, ...behind('https://auth.example.com') }), {
      code: 'MCP_ERR_INVALID_OPTION', message: `option 'auth' needs a path of plain segments and ':name' parameters, not '${path}'`
    })
  }
  await t.rejects(
    createApp(t, { prefix: '/:tenant', ...behind('https://auth.example.com', { wellKnownAlias: true }) }),
    {
      code: 'MCP_ERR_INVALID_OPTION',
      message:
        "option 'auth' has a 'wellKnownAlias', " +
          'but a path with parameters has no single document to serve there; leave it out'
    }
  )
})
