import t from 'tap'
import { topicOf } from '../../lib/protocol/change.ts'
import {
  encodeAcknowledgement,
  encodeEnd,
  isWatchable,
  listTopics,
  MAX_WATCHED,
  parseFilter
} from '../../lib/protocol/subscription.ts'
import { MAX_URI_LENGTH } from '../../lib/protocol/uri.ts'

const URIS = "'notifications.resourceSubscriptions'"
const uris = (count: number): string[] => Array.from({ length: count }, (_none, number) => `notes://${number}`)

t.test('a filter has the kinds that a client asks for, and no others', async (t) => {
  t.strictSame(parseFilter({}), { filter: {} })
  t.strictSame(parseFilter({ toolsListChanged: true, promptsListChanged: false, nobodyKnows: true }), {
    filter: { toolsListChanged: true }
  })
  t.strictSame(
    parseFilter({
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      resourceSubscriptions: ['a:', 'b:', 'a:']
    }),
    {
      filter: {
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: ['a:', 'b:']
      }
    }
  )
  t.strictSame(parseFilter(JSON.parse('{"__proto__":{"toolsListChanged":true}}')), { filter: {} })
  t.strictSame(parseFilter({ resourceSubscriptions: uris(MAX_WATCHED) }), {
    filter: { resourceSubscriptions: uris(MAX_WATCHED) }
  })
})

t.test('a filter of the wrong shape has a problem that says what is wrong', async (t) => {
  for (const wrong of [undefined, null, [], 'tools', 1]) {
    t.strictSame(parseFilter(wrong), { problem: "subscriptions/listen needs 'notifications', an object" })
  }
  for (const name of ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged']) {
    for (const wrong of [1, 'true', {}]) {
      t.strictSame(parseFilter({ [name]: wrong }), { problem: `'notifications.${name}' must be true or false` })
    }
  }
  for (const wrong of ['notes://a', {}, true]) {
    t.strictSame(parseFilter({ resourceSubscriptions: wrong }), { problem: `${URIS} must be an array of URIs` })
  }
  for (const wrong of [1, null, ['a:'], 'x'.repeat(MAX_URI_LENGTH + 1)]) {
    t.strictSame(parseFilter({ resourceSubscriptions: ['a:', wrong] }), {
      problem: `${URIS} must hold strings of at most 8192 characters`
    })
  }
  t.strictSame(parseFilter({ resourceSubscriptions: uris(MAX_WATCHED + 1) }), {
    problem: `${URIS} has more than 1000 URIs`
  })
})

t.test('the URI of a watched resource is a string of limited length', async (t) => {
  t.ok(isWatchable('notes://a'))
  t.ok(isWatchable('x'.repeat(MAX_URI_LENGTH)))
  for (const wrong of ['x'.repeat(MAX_URI_LENGTH + 1), undefined, 1, new URL('notes://a')]) t.notOk(isWatchable(wrong))
})

t.test('the topics of a filter are those of the changes that it selects', async (t) => {
  t.strictSame([...listTopics({})], [])
  t.strictSame(
    [
      ...listTopics({
        toolsListChanged: true,
        promptsListChanged: true,
        resourcesListChanged: true,
        resourceSubscriptions: ['a:', 'b:']
      })
    ],
    [
      [topicOf({ kind: 'tools' }), undefined],
      [topicOf({ kind: 'prompts' }), undefined],
      [topicOf({ kind: 'resources' }), undefined],
      [topicOf({ kind: 'resource', uri: 'a:' }), 'a:'],
      [topicOf({ kind: 'resource', uri: 'b:' }), 'b:']
    ]
  )
  t.strictSame([...listTopics({ toolsListChanged: false, promptsListChanged: false, resourcesListChanged: false })], [])
})

t.test('the first and the last message of a subscription carry its id', async (t) => {
  t.strictSame(JSON.parse(encodeAcknowledgement('a', { toolsListChanged: true })), {
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'a' }, notifications: { toolsListChanged: true } }
  })
  t.strictSame(JSON.parse(encodeEnd(7, { name: 'Notes', version: '1.0.0' })), {
    jsonrpc: '2.0',
    id: 7,
    result: {
      resultType: 'complete',
      _meta: {
        'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' },
        'io.modelcontextprotocol/subscriptionId': 7
      }
    }
  })
})
