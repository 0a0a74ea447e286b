import t from 'tap'
import Fastify from 'fastify'
import mcpPlugin from '../../lib/index.ts'
import { findPathProblem } from '../../lib/http/path-problem.ts'
import { createServer, initialize } from '../support/app.ts'

t.test('a path that no request can reach is refused with advice', async (t) => {
  const refused: ReadonlyArray<readonly [path: string, problem: RegExp]> = [
    ['/caf%C3%A9', /must not be percent-encoded/], ['/a%2fb', /percent-encoded/], ['/%61', /percent-encoded/],
    ['//a', /two slashes/], ['/a//b', /two slashes/], ['/a::b', /'::'/], ['/a?b', /'\?'/], ['/a#b', /'#'/], ['/a\\b', /a backslash/], ['/a\tb', /control/],
    ['/./a', /a segment '\.'/], ['/a/..', /a segment/]
  ]

  for (const [path, problem] of refused) t.match(findPathProblem(path), problem, path)
  for (const path of [
    '', '/', '/a/', '/caf\u00e9', '/my notes', '/.well-known', '/a..b', '/:tenant', '/:id(^\\d+$)', '/a;b,c'
  ]) {
    t.equal(findPathProblem(path), undefined, path)
  }
})

t.test('a mount is served at its mount.url, whatever characters its prefix has', async (t) => {
  for (const [scope, prefix, path = '/mcp'] of [
    ['', '/a/', '/'],
    ['', '/caf\u00e9'],
    ['', '/my notes'],
    ['/caf\u00e9', '/a'],
    ['/a/', '/b'],
    ['', '/a/'],
    ['', '/a"b']
  ] as const) {
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(
      async (inner) => {
        inner.register(mcpPlugin, { server: createServer(), prefix, path })
      },
      { prefix: scope }
    )
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { url } = app.mcp.get('Notes')
    const { headers, payload } = initialize()

    const response = await fetch(url, { method: 'POST', headers, body: String(payload) })

    t.equal(response.status, 200, url)
    t.equal(new URL(url).href, url)
    await response.text()
  }
})

t.test('registering a mount at an unreachable path fails', async (t) => {
  const register = async (options: object, scope = ''): Promise<unknown> => {
    const app = Fastify()
    app.register(
      async (inner) => {
        inner.register(mcpPlugin, { server: createServer(), ...options })
      },
      { prefix: scope }
    )
    return await app.ready()
  }

  await t.rejects(register({ prefix: '/caf%C3%A9' }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'prefix' must not be percent-encoded/ })
  await t.rejects(register({ path: '//mcp' }), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: "option 'path' must not have two slashes in a row"
  })
  await t.rejects(register({}, '/a//b'), {
    code: 'MCP_ERR_INVALID_OPTION',
    message:
      "option 'prefix' is below '/a//b', the prefix of the scope around it, which must not have two slashes in a row"
  })
  await t.rejects(register({ path: '/' }, '/a/'), { code: 'MCP_ERR_INVALID_OPTION', message: /must not end with '\/' where the mount is at its root$/ })
})
