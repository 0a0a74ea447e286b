import t from 'tap'
import { Subscriptions, type Subscription } from '../../lib/notify/subscriptions.ts'
import { listTopics, type SubscriptionFilter } from '../../lib/protocol/subscription.ts'

function open (subscriptions: Subscriptions, id: string | number, holder?: string): Subscription {
  const subscription = subscriptions.open(id, holder)
  if ('refused' in subscription) throw new Error('there is no place')
  return subscription
}

function listen (
  subscriptions: Subscriptions,
  id: string | number,
  filter: SubscriptionFilter
): { readonly subscription: Subscription, readonly received: unknown[] } {
  const received: unknown[] = []
  const subscription = open(subscriptions, id)
  subscription.start(new Map(listTopics(filter)), { send: (json) => received.push(JSON.parse(json)) })
  return { subscription, received }
}

const changed = (kind: string, id: string | number) => ({
  jsonrpc: '2.0',
  method: `notifications/${kind}/list_changed`,
  params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id } }
})
const updated = (uri: string, id: string | number) => ({
  jsonrpc: '2.0',
  method: 'notifications/resources/updated',
  params: { _meta: { 'io.modelcontextprotocol/subscriptionId': id }, uri }
})

t.test('a subscription receives the changes that it selects, with its own id, and no others', async (t) => {
  const subscriptions = new Subscriptions({ max: 10 })
  const tools = listen(subscriptions, 1, { toolsListChanged: true })
  const both = listen(subscriptions, 'two', { toolsListChanged: true, promptsListChanged: true })
  const resource = listen(subscriptions, 1, { resourceSubscriptions: ['notes://a', 'notes://b'] })

  subscriptions.notify({ kind: 'tools' })
  subscriptions.notify({ kind: 'prompts' })
  subscriptions.notify({ kind: 'resources' })
  subscriptions.notify({ kind: 'resource', uri: 'notes://a' })
  subscriptions.notify({ kind: 'resource', uri: 'notes://A' })

  t.strictSame(tools.received, [changed('tools', 1)])
  t.strictSame(both.received, [changed('tools', 'two'), changed('prompts', 'two')])
  t.strictSame(resource.received, [updated('notes://a', 1)])
})

t.test('a subscription beyond the limit is refused until another one is closed', async (t) => {
  const subscriptions = new Subscriptions({ max: 2 })
  const first = open(subscriptions, 1)
  const second = open(subscriptions, 1)

  t.same(subscriptions.open(1), { refused: 'mount', max: 2 })
  t.equal(subscriptions.size, 2)
  t.equal(subscriptions.max, 2)

  first.close()
  first.close()
  t.equal(subscriptions.size, 1)
  t.ok(open(subscriptions, 1))

  second.close()
  t.equal(subscriptions.size, 1)
})

t.test('a topic that nobody watches any more is dropped', async (t) => {
  const subscriptions = new Subscriptions({ max: 2 })
  const first = listen(subscriptions, 1, { toolsListChanged: true, resourceSubscriptions: ['notes://a'] })
  const second = listen(subscriptions, 2, { toolsListChanged: true, resourceSubscriptions: ['notes://b'] })
  t.equal(subscriptions.topics, 3)

  first.subscription.close()
  subscriptions.notify({ kind: 'tools' })
  subscriptions.notify({ kind: 'resource', uri: 'notes://a' })

  t.equal(subscriptions.topics, 2)
  t.strictSame(first.received, [])
  t.strictSame(second.received, [changed('tools', 2)])

  second.subscription.close()
  t.equal(subscriptions.topics, 0)
})

t.test('a subscription that is closed before it starts leaves nothing behind', async (t) => {
  const subscriptions = new Subscriptions({ max: 1 })
  const subscription = open(subscriptions, 1)

  subscription.send('nobody is there yet')
  subscription.close()

  t.equal(subscriptions.size, 0)
  t.equal(subscriptions.topics, 0)
})

t.test('a subscription receives a change with the URI as its client spells it', async (t) => {
  const subscriptions = new Subscriptions({ max: 3 })
  const raw = listen(subscriptions, 1, { resourceSubscriptions: ['docs://café'] })
  const encoded = listen(subscriptions, 2, { resourceSubscriptions: ['docs://caf%c3%a9'] })

  subscriptions.notify({ kind: 'resource', uri: 'DOCS://caf%C3%A9' })
  subscriptions.notify({ kind: 'resource', uri: 'docs://café' })
  subscriptions.notifyAll()

  t.strictSame(raw.received, Array(3).fill(updated('docs://café', 1)))
  t.strictSame(encoded.received, Array(3).fill(updated('docs://caf%c3%a9', 2)))
})

t.test('a holder cannot exceed its share until it closes a subscription', async (t) => {
  const subscriptions = new Subscriptions({ max: 3, share: { by: 'principal', max: 1 } })
  const first = open(subscriptions, 1, 'ann')

  t.same(subscriptions.open(2, 'ann'), { refused: 'principal', max: 1 })
  open(subscriptions, 3, 'bob')
  open(subscriptions, 4)
  t.same(subscriptions.open(5, 'eve'), { refused: 'mount', max: 3 })
  first.close()
  first.close()
  open(subscriptions, 6, 'eve').close()
  open(subscriptions, 7, 'ann')
  t.same(subscriptions.open(8, 'ann'), { refused: 'principal', max: 1 })
})

t.test('other nodes are notified of how many places a holder has, and can refuse more', async (t) => {
  const reported: unknown[] = []
  const others = {
    hold: async (...args: readonly [holder: string, count: number, max: number]) => {
      reported.push(args)
      return args[2] === Infinity || args[1] < 2
    }
  }
  const subscriptions = new Subscriptions({ max: 10, share: { by: 'principal', max: 5 }, others })
  const [first, second, nobodys] = [
    open(subscriptions, 1, 'ann'),
    open(subscriptions, 2, 'ann'),
    open(subscriptions, 3)
  ]

  const refusals = [await second.findRefusal(), nobodys.findRefusal()]
  for (const subscription of [second, first, nobodys]) subscription.close()
  const last = open(subscriptions, 4, 'ann')

  t.same(refusals, [{ refused: 'principal', max: 5 }, undefined])
  t.equal(await last.findRefusal(), undefined)
  t.same(reported, [['ann', 2, 5], ['ann', 1, Infinity], ['ann', 0, Infinity], ['ann', 1, 5]])
  t.equal(new Subscriptions({ max: 1, others }).findRefusal(open(new Subscriptions({ max: 1 }), 1, 'ann')), undefined)
})
