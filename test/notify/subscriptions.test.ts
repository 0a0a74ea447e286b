import t from 'tap'
import { Subscriptions, type Subscription } from '../../lib/notify/subscriptions.ts'
import { listTopics, type SubscriptionFilter } from '../../lib/protocol/subscription.ts'

function listen (subscriptions: Subscriptions, id: string | number, filter: SubscriptionFilter): { readonly subscription: Subscription | undefined, readonly heard: unknown[] } {
  const heard: unknown[] = []
  const subscription = subscriptions.open(id)
  subscription?.start(new Map(listTopics(filter)), { send: (json) => heard.push(JSON.parse(json)) })
  return { subscription, heard }
}

const changed = (kind: string, id: string | number) => ({
  jsonrpc: '2.0', method: `notifications/${kind}/list_changed`, params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id } }
})
const updated = (uri: string, id: string | number) => ({
  jsonrpc: '2.0', method: 'notifications/resources/updated', params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id }, uri }
})

t.test('each subscription hears of what it asked for, by its own id, and of nothing else', async (t) => {
  const subscriptions = new Subscriptions(10)
  const tools = listen(subscriptions, 1, { toolsListChanged: true })
  const both = listen(subscriptions, 'two', { toolsListChanged: true, promptsListChanged: true })
  const resource = listen(subscriptions, 1, { resourceSubscriptions: ['notes://a', 'notes://b'] })

  subscriptions.tell({ kind: 'tools' })
  subscriptions.tell({ kind: 'prompts' })
  subscriptions.tell({ kind: 'resources' })
  subscriptions.tell({ kind: 'resource', uri: 'notes://a' })
  subscriptions.tell({ kind: 'resource', uri: 'notes://A' })

  t.strictSame(tools.heard, [changed('tools', 1)])
  t.strictSame(both.heard, [changed('tools', 'two'), changed('prompts', 'two')])
  t.strictSame(resource.heard, [updated('notes://a', 1)])
})

t.test('there are no more subscriptions than may be, and each that is closed makes room', async (t) => {
  const subscriptions = new Subscriptions(2)
  const first = subscriptions.open(1)
  const second = subscriptions.open(1)

  t.equal(subscriptions.open(1), undefined)
  t.equal(subscriptions.size, 2)
  t.equal(subscriptions.max, 2)

  first?.close()
  first?.close()
  t.equal(subscriptions.size, 1)
  t.ok(subscriptions.open(1))

  second?.close()
  t.equal(subscriptions.size, 1)
})

t.test('what nobody listens to any more is forgotten', async (t) => {
  const subscriptions = new Subscriptions(2)
  const first = listen(subscriptions, 1, { toolsListChanged: true, resourceSubscriptions: ['notes://a'] })
  const second = listen(subscriptions, 2, { toolsListChanged: true, resourceSubscriptions: ['notes://b'] })
  t.equal(subscriptions.topics, 3)

  first.subscription?.close()
  subscriptions.tell({ kind: 'tools' })
  subscriptions.tell({ kind: 'resource', uri: 'notes://a' })

  t.equal(subscriptions.topics, 2)
  t.strictSame(first.heard, [])
  t.strictSame(second.heard, [changed('tools', 2)])

  second.subscription?.close()
  t.equal(subscriptions.topics, 0)
})

t.test('one that is closed before it has begun leaves nothing behind', async (t) => {
  const subscriptions = new Subscriptions(1)
  const subscription = subscriptions.open(1)

  subscription?.send('nobody is there yet')
  subscription?.close()

  t.equal(subscriptions.size, 0)
  t.equal(subscriptions.topics, 0)
})

t.test('a change reaches whoever watches the resource, in the spelling that it watches it by', async (t) => {
  const subscriptions = new Subscriptions(3)
  const raw = listen(subscriptions, 1, { resourceSubscriptions: ['docs://café'] })
  const encoded = listen(subscriptions, 2, { resourceSubscriptions: ['docs://caf%c3%a9'] })

  subscriptions.tell({ kind: 'resource', uri: 'DOCS://caf%C3%A9' })
  subscriptions.tell({ kind: 'resource', uri: 'docs://café' })
  subscriptions.tellAll()

  t.strictSame(raw.heard, Array(3).fill(updated('docs://café', 1)))
  t.strictSame(encoded.heard, Array(3).fill(updated('docs://caf%c3%a9', 2)))
})
