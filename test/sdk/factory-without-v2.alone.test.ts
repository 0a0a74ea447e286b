// A factory of v2 servers where the SDK v2 cannot be loaded from here, as where two copies of this package are
// installed apart.
import { register } from 'node:module'
import t from 'tap'
import { McpServer } from '@modelcontextprotocol/server'
import { modernCall, openSession, legacy } from '../support/app.ts'
import { createSdkApp, said } from '../support/sdk-servers.ts'

const HOOK = `
export async function resolve (specifier, context, next) {
  if (specifier === '@modelcontextprotocol/server' && /\\/lib\\/sdk\\//.test(context.parentURL)) throw new Error('cannot be found')
  return next(specifier, context)
}`

t.before(() => register(`data:text/javascript,${encodeURIComponent(HOOK)}`))

t.test(
  'a modern client of a v2 server cannot be served without the SDK v2, and the log says what to mount instead',
  async (t) => {
    const { app, logLines } = await createSdkApp(t, () => {
      const server = new McpServer({ name: 'Tasks', version: '1.0.0' })
      server.registerTool('hello', {}, () => said('hello'))
      return server
    })

    const fromModern = await app.inject(modernCall('hello'))
    const fromLegacy = await app.inject(legacy('tools/call', { name: 'hello' }, { headers: await openSession(app) }))

    t.match(fromModern.json(), { error: { code: -32603, message: /^Error answering tools\/call \(error id / } })
    t.match(
      logLines.filter(({ level }) => level === 50),
      [
        {
          msg: 'answering tools/call failed',
          err: {
            message:
              "the factory returned a server of the SDK v2, but '@modelcontextprotocol/server' cannot be loaded; " +
              'install it beside this package, or mount createMcpHandler(factory) instead: cannot be found'
          }
        }
      ]
    )
    t.same(fromLegacy.json(), { jsonrpc: '2.0', id: 1, result: said('hello') }, 'a legacy client needs none of it')
  }
)
