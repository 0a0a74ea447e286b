import t from 'tap'
import { printCalls } from '../../lib/cli/call-lines.ts'
import { RpcError } from '../../lib/errors.ts'
import type { Incoming, Outcome } from '../../lib/server/call/incoming.ts'
import type { ServerDefinition } from '../../lib/server/definition.ts'

interface Call {
  readonly method?: string
  readonly params?: object
  readonly channel?: object
  readonly client?: object
  serve (): Promise<Outcome>
}

// Serves one call, and resolves to the lines that are printed for it.
async function print (
  { method = 'tools/call', params = { name: 'add' }, channel = {}, client = {}, serve }: Call
): Promise<readonly string[]> {
  const lines: string[] = []
  const definition = { serve } as unknown as ServerDefinition
  printCalls(definition, { print: (line) => { lines.push(line) }, bold: (text) => text, dim: (text) => text })
  const message = { jsonrpc: '2.0', id: 1, method, ...(method !== 'prompts/get' && { params }) }
  const incoming = { message, caller: { client, era: 'legacy' }, channel }
  await definition.serve(incoming as unknown as Incoming).catch(() => {})
  await new Promise(setImmediate)
  return lines.map((line) => line.replace(/ +\d+ ms/, ' # ms').replaceAll(/ {2,}/g, '  '))
}

t.test('a call is a line with its name, its outcome and who has called', async (t) => {
  const info = { name: 'Client', version: '2' }
  const calls: ReadonlyArray<readonly [call: Call, line: string]> = [
    [{ serve: async () => ({}), client: { info } }, 'add  ok # ms  Client 2, legacy'],
    [{ serve: async () => ({}) }, 'add  ok # ms  legacy client'],
    [{ serve: async () => ({}), channel: { isTrusted: true } }, 'add  ok # ms  this app'],
    [{ serve: async () => ({}), method: 'prompts/get' }, 'prompt undefined  ok # ms  legacy client'],
    [{ serve: async () => ({ resultType: 'input_required' }) }, 'add  asks # ms  legacy client'],
    [
      { serve: async () => ({ isError: true, content: [{ text: 'no' }, {}] }) },
      'add  failed # ms  legacy client  no'
    ],
    [
      { serve: async () => { throw new RpcError(-32602, 'Unknown') } },
      'add  refused # ms  legacy client  Unknown (-32602)'
    ],
    [{ serve: async () => { throw new TypeError('broken') } }, 'add  refused # ms  legacy client  TypeError: broken']
  ]

  for (const [call, line] of calls) t.same(await print(call), [line])
  t.same(await print({ serve: async () => ({}), method: 'ping' }), [])
})

t.test('a definition prints each call once, and a frozen one is left as it is', async (t) => {
  const serve = async (): Promise<Outcome> => ({})
  const frozen = Object.freeze({ serve }) as unknown as ServerDefinition
  const printer = { print: () => {}, bold: String, dim: String }
  printCalls(frozen, printer)
  const definition = { serve } as unknown as ServerDefinition
  printCalls(definition, printer)
  const printing = definition.serve
  printCalls(definition, printer)

  t.equal(frozen.serve, serve)
  t.not(printing, serve)
  t.equal(definition.serve, printing)
})
