import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { printCalls } from '../../lib/cli/call-lines.ts'
import { RpcError, type McpServer } from '../../lib/index.ts'
import { createHost, modern, modernCall, mount, type Post } from '../support/app.ts'

/** Serves one request of a client, or a call of the app itself, and resolves to the lines that are printed for it. */
async function print (
  t: Test, serve: () => Promise<unknown>, request: Post | 'host' = modernCall('add')
): Promise<string[]> {
  const lines: string[] = []
  const { app } = createHost(t)
  await mount(app, { server: { serve } as unknown as McpServer, name: 'own' })
  await app.ready()
  const end = printCalls({ print: (line) => { lines.push(line) }, bold: String, dim: String })

  if (request === 'host') await app.mcp.get('own').call('add')
  else await app.inject(request)
  end()
  await app.inject(modernCall('add'))

  return lines.map((line) => line.replace(/ +\d+ ms/, ' # ms').replaceAll(/ {2,}/g, '  '))
}

t.test('a call is a line with its name, its outcome and who has called', async (t) => {
  const ok = async (): Promise<object> => ({ resultType: 'complete', content: [] })
  const fail = async (error: Error): Promise<never> => { throw error }
  const meta = { 'io.modelcontextprotocol/clientInfo': { name: 'Client', version: '2' } }

  t.same(await print(t, ok, modernCall('add', {}, { meta })), ['add  ok # ms  Client 2, modern'])
  t.same(await print(t, ok), ['add  ok # ms  modern client'])
  t.same(await print(t, ok, 'host'), ['add  ok # ms  this app'])
  t.same(await print(t, ok, modern('prompts/get', { name: 'a' })), ['prompt a  ok # ms  modern client'])
  t.same(await print(t, ok, modern('resources/read', { uri: 'a://b' })), ['read a://b  ok # ms  modern client'])
  t.same(await print(t, ok, modern('tools/list')), [])
  t.same(await print(t, async () => ({ resultType: 'input_required' })), ['add  asks # ms  modern client'])
  t.same(await print(t, async () => ({ isError: true, content: [{ text: 'no' }, {}] })), [
    'add  failed # ms  modern client  no'
  ])
  t.same(await print(t, async () => '{"isError":true,"content":[{"text":"no"}]}'), [
    'add  failed # ms  modern client  no'
  ])
  t.same(await print(t, async () => ({ isError: true, content: 1 })), ['add  failed # ms  modern client'])
  t.same(await print(t, () => fail(new RpcError(-32602, 'Unknown'))), [
    'add  refused # ms  modern client  Unknown (-32602)'
  ])
  t.same(await print(t, () => fail(new TypeError('broken'))), [
    'add  refused # ms  modern client  TypeError: broken'
  ])
})

t.test('a call that no server has seen is a line, too', async (t) => {
  const [line, ...others] = await print(t, async () => ({}), modernCall('add', {}, { headers: { 'mcp-name': 'sub' } }))

  t.match(line, /^add {2}refused {2}Header mismatch: .* \(-32020\)$/)
  t.equal(others.length, 0)
})

t.test('only the calls of chosen mounts are printed', async (t) => {
  const lines: string[] = []
  const app = Fastify()
  t.teardown(() => app.close())
  await mount(app, { server: { serve: async () => ({}) } as unknown as McpServer, name: 'own' })
  const end = printCalls({ print: (line) => { lines.push(line) }, bold: String, dim: String }, () => false)
  t.teardown(end)

  await app.inject(modernCall('add'))
  await app.inject(modernCall('add', {}, { headers: { 'mcp-name': 'sub' } }))

  t.same(lines, [])
})
