import t from 'tap'
import { createNotifyingCaller, createSessionlessCaller, HOST_APP } from '../../lib/conversation/callers.ts'

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const LOG_LEVEL = 'io.modelcontextprotocol/logLevel'

t.test('a modern notification comes from the client that its _meta describes', async (t) => {
  const _meta = { [CAPABILITIES]: { sampling: {} }, [LOG_LEVEL]: 'error' }

  t.strictSame(createNotifyingCaller({ _meta }, 'ann'), {
    era: 'modern',
    protocolVersion: '2026-07-28',
    client: { capabilities: { sampling: {} } },
    logLevel: 'error',
    principal: 'ann'
  })
})

t.test('a modern notification whose _meta is incomplete comes from a client that has declared nothing', async (t) => {
  for (const params of [{}, { _meta: {} }, { _meta: { [CAPABILITIES]: { sampling: {} }, [LOG_LEVEL]: 'loud' } }]) {
    t.strictSame(createNotifyingCaller(params, undefined), { ...HOST_APP, principal: undefined })
  }
})

t.test('a legacy client without a session gets log messages of all levels', async (t) => {
  t.strictSame(createSessionlessCaller('2025-06-18', 'ann'), {
    era: 'legacy', protocolVersion: '2025-06-18', client: { capabilities: {} }, logLevel: 'debug', principal: 'ann'
  })
})
