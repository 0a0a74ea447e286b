import t from 'tap'
import type { Endpoint } from '../../lib/cli/endpoint.ts'
import { formatServer, formatToolResult } from '../../lib/cli/inspect-output.ts'
import { createTestTerminal } from './terminal.ts'

t.test('a server that does not say its name is shown without one', async (t) => {
  const endpoint = { era: 'modern', protocolVersion: '2026-07-28' } as unknown as Endpoint

  t.same(formatServer(endpoint, createTestTerminal().terminal), [
    'A server without a name revision 2026-07-28, modern era', ''
  ])
})

t.test('a result without content is its structured content, or nothing', async (t) => {
  t.equal(formatToolResult({}), '')
  t.equal(formatToolResult({ structuredContent: { a: 1 } }), '{\n  "a": 1\n}')
})
