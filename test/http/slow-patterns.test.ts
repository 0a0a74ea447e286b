import { RE2JS } from 're2js'
import t from 'tap'
import { z } from 'zod'
import mcpPlugin, { McpServer, Type, type McpServerOptions } from '../../lib/index.ts'
import { createHost, mount, modernCall, type LogLine } from '../support/app.ts'
import { listen } from '../support/stream.ts'

const SLOW = Type.Object({ name: Type.String({ pattern: '^(a+)+$' }) })
const QUICK = Type.Object({ name: Type.String({ pattern: '^a+$' }) })

function createNames (options: McpServerOptions<undefined> = {}): McpServer {
  const server = new McpServer({ name: 'Names', version: '1.0.0' }, options)
  server.registerTool('greet', { inputSchema: SLOW }, ({ name }) => `Hello ${name}`)
  return server
}

function warningsIn (logLines: readonly LogLine[]): string[] {
  return logLines.filter(({ level }) => level === 40).map(({ mcp, msg }) => `${String(mcp)}: ${String(msg).split(', with which', 1).join()}`)
}

t.test('a slow pattern logs a warning when the app is ready, once for all mounts of a definition', async (t) => {
  const { app, logLines } = createHost(t)
  const server = createNames()
  server.registerTool('check', { inputSchema: QUICK, outputSchema: SLOW }, () => ({ name: 'a' }))
  server.registerPrompt('write', { argsSchema: z.object({ code: z.string().regex(/^(\w+\s?)*$/) }) }, ({ code }) => code)
  app.register(mcpPlugin, { prefix: '/one', name: 'one', server })
  app.register(mcpPlugin, { prefix: '/two', name: 'two', server })
  t.strictSame(logLines, [])

  await app.ready()
  await app.inject(modernCall('greet', { name: 'aa' }, { url: '/two/mcp' }))

  t.strictSame(warningsIn(logLines), [
    'one: the inputSchema of tool \'greet\' has the pattern "^(a+)+$" at \'/properties/name/pattern\'',
    'one: the outputSchema of tool \'check\' has the pattern "^(a+)+$" at \'/properties/name/pattern\'',
    'one: the argsSchema of prompt \'write\' has the pattern "^(\\\\w+\\\\s?)*$" at \'/properties/code/pattern\''
  ])
})

t.test('a slow pattern that is registered or updated later logs a warning then, until the app closes', async (t) => {
  const { app, logLines } = createHost(t)
  const server = new McpServer({ name: 'Names', version: '1.0.0' })
  const early = server.registerTool('early', { inputSchema: SLOW }, () => 'ok')
  early.update({ inputSchema: QUICK })
  server.registerTool('removed', { inputSchema: SLOW }, () => 'ok').remove()
  await mount(app, { server })
  await app.ready()
  t.strictSame(warningsIn(logLines), [])

  const late = server.registerTool('late', { inputSchema: SLOW }, () => 'ok')
  early.update({ inputSchema: SLOW })
  for (const handle of [late, early]) {
    handle.disable()
    handle.enable()
    handle.update({ title: 'Changed' })
  }
  const warnings = warningsIn(logLines)
  await app.close()
  server.registerTool('too_late', { inputSchema: SLOW }, () => 'ok')

  t.strictSame(warnings, ['late', 'early'].map((name) => `Names: the inputSchema of tool '${name}' has the pattern "^(a+)+$" at '/properties/name/pattern'`))
  t.strictSame(warningsIn(logLines), warnings)
})

t.test('with a linear-time engine no warning is logged, and an attack is answered', async (t) => {
  const { app, logLines } = createHost(t)
  await mount(app, { server: createNames({ regExp: (pattern) => RE2JS.compile(pattern) }) })
  const url = `${await listen(app)}/mcp`

  for (const length of [30, 3_900_000]) {
    const { headers, payload } = modernCall('greet', { name: `${'a'.repeat(length)}!` })
    const response = await fetch(url, { method: 'POST', headers, body: payload })
    t.match(await response.json(), {
      result: {
        isError: true,
        content: [{ text: 'Invalid arguments for tool greet: /name must match pattern "^(a+)+$"' }]
      }
    })
  }
  const { headers, payload } = modernCall('greet', { name: 'aaa' })
  t.match(await (await fetch(url, { method: 'POST', headers, body: payload })).json(), {
    result: { content: [{ text: 'Hello aaa' }] }
  })
  t.strictSame(warningsIn(logLines), [])
})

t.test('a form is checked by the same engine', async (t) => {
  const { app } = createHost(t)
  const server = new McpServer({ name: 'Names', version: '1.0.0' }, { regExp: (pattern) => RE2JS.compile(pattern) })
  server.registerTool('ask', {}, async (_args, ctx) => (await ctx.elicit('Who?', SLOW)).action)
  await mount(app, { server })
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
  const asked = (await app.inject(modernCall('ask', {}, { meta }))).json()
  const [key] = Object.keys(asked.result.inputRequests)
  const answerWith = (name: string): object => ({
    inputResponses: { [String(key)]: { action: 'accept', content: { name } } },
    requestState: asked.result.requestState
  })
  const { payload, ...request } = modernCall('ask', {}, { meta })
  const message = JSON.parse(payload)

  const answer = async (name: string): Promise<unknown> =>
    (
      await app.inject({
        ...request,
        payload: JSON.stringify({ ...message, params: { ...message.params, ...answerWith(name) } })
      })
    ).json()

  t.match(await answer(`${'a'.repeat(40)}!`), { result: { resultType: 'input_required' } })
  t.match(await answer('aaa'), { result: { content: [{ text: 'accept' }] } })
})
