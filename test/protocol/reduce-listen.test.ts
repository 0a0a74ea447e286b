import t from 'tap'
import type { RequestMessage } from '../../lib/protocol/message.ts'
import { reduceListen } from '../../lib/protocol/subscription.ts'

const INFO = 'io.modelcontextprotocol/clientInfo'
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'

function createListen (params: RequestMessage['params']): RequestMessage {
  return { id: 1, method: 'subscriptions/listen', params }
}

t.test('a reduced subscriptions/listen keeps the filter and small members, and leaves out large ones', (t) => {
  const large = 'x'.repeat(100_000)
  const message = createListen({
    notifications: { own: 1, large, resourceSubscriptions: [large] },
    junk: large,
    _meta: { trace: 'a', large, [INFO]: large }
  })

  const { params, ...rest } = reduceListen(
    message,
    { toolsListChanged: true, resourceSubscriptions: ['notes://a'] },
    { info: { name: 'c', version: '1' }, capabilities: {} }
  )

  t.strictSame(rest, { id: 1, method: 'subscriptions/listen' })
  t.strictSame(params, {
    notifications: { own: 1, toolsListChanged: true, resourceSubscriptions: ['notes://a'] },
    _meta: { trace: 'a', [INFO]: { name: 'c', version: '1' }, [CAPABILITIES]: {} }
  })
  t.end()
})

t.test('a reduced subscriptions/listen without _meta and client name has the capabilities only', (t) => {
  const { params } = reduceListen(createListen({ notifications: {} }), {}, { capabilities: { roots: {} } })

  t.strictSame(params, { notifications: {}, _meta: { [CAPABILITIES]: { roots: {} } } })
  t.end()
})
