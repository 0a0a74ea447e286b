import t from 'tap'
import {
  encodeChange,
  encodeTaggedChange,
  topicOf,
  topicOfResource,
  type ChangeEvent
} from '../../lib/protocol/change.ts'

const URI = 'notes://a"b'

t.test('all changes of one list, or of one resource, have the same topic', async (t) => {
  t.equal(topicOf({ kind: 'tools' }), topicOf({ kind: 'tools' }))
  t.equal(topicOf({ kind: 'resource', uri: URI }), topicOfResource(URI))

  const topics = new Set([
    topicOf({ kind: 'tools' }),
    topicOf({ kind: 'prompts' }),
    topicOf({ kind: 'resources' }),
    topicOf({ kind: 'resource', uri: URI }),
    topicOf({ kind: 'resource', uri: 'tools' }),
    topicOf({ kind: 'resource', uri: '' })
  ])

  t.equal(topics.size, 6)
})

t.test('the notification of a change for a legacy client has no subscription id', async (t) => {
  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    t.strictSame(JSON.parse(encodeChange({ kind })), { jsonrpc: '2.0', method: `notifications/${kind}/list_changed` })
  }
  t.strictSame(JSON.parse(encodeChange({ kind: 'resource', uri: URI })), {
    jsonrpc: '2.0',
    method: 'notifications/resources/updated',
    params: { uri: URI }
  })
})

t.test('the notification of a change for a modern client has the id of its subscription', async (t) => {
  const tag = (event: ChangeEvent, id: string | number): unknown =>
    JSON.parse(encodeTaggedChange(event)(JSON.stringify(id)))
  const metaOf = (id: string | number) => ({ 'io.modelcontextprotocol/subscriptionId': id })

  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    for (const id of [1, 0, 'a "quoted" id']) {
      t.strictSame(tag({ kind }, id), {
        jsonrpc: '2.0',
        method: `notifications/${kind}/list_changed`,
        params: { _meta: metaOf(id) }
      })
    }
  }
  t.strictSame(tag({ kind: 'resource', uri: URI }, 7), {
    jsonrpc: '2.0', method: 'notifications/resources/updated', params: { _meta: metaOf(7), uri: URI }
  })
})
