import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { ChangeEvent } from '../../lib/protocol/change.ts'
import { ChangeHub, type ChangeAudience } from '../../lib/notify/change-hub.ts'
import { Subscription, type MessageSink, type Subscriptions } from '../../lib/notify/subscriptions.ts'
import { ChangeSource } from '../../lib/server/change-source.ts'

const mustNotFail = (error: unknown): void => { throw error }

interface FakeSession extends ChangeAudience { readonly received: unknown[] }

function createSession ({ listens = true, watches = '' } = {}): FakeSession {
  const received: unknown[] = []
  return {
    received,
    listening: listens ? { send: (json) => received.push(JSON.parse(json)) } : undefined,
    watchedAs: (topic) => topic === `resource ${watches}` ? watches : undefined,
    watched: watches === '' ? [] : [watches]
  }
}

function startListening (
  subscriptions: Subscriptions,
  topics: ReadonlyArray<readonly [string, string | undefined]>,
  sink: MessageSink
): void {
  const subscription = subscriptions.open(1)
  if (subscription instanceof Subscription) subscription.start(new Map(topics), sink)
}

function createDefinition () {
  const source = new ChangeSource()
  return { source, onChange: (listener: (event: ChangeEvent) => void) => source.listen(listener) }
}

const TOOLS_CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
const UPDATED = { jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'notes://a' } }

t.test('a change is sent to the clients of both eras', async (t) => {
  const session = createSession()
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail })
  const received: unknown[] = []
  startListening(hub.subscriptions, [['tools', undefined]], { send: (json) => received.push(JSON.parse(json)) })
  hub.start(createDefinition())

  hub.notify.toolsChanged()
  await nextTurn()

  t.strictSame(session.received, [TOOLS_CHANGED])
  t.match(received, [TOOLS_CHANGED])
})

t.test('a session receives the changes of all lists, and of the resources that its client watches', async (t) => {
  const watching = createSession({ watches: 'notes://a' })
  const other = createSession()
  const hub = new ChangeHub([watching, createSession({ listens: false, watches: 'notes://a' }), other], {
    streams: { max: 1 },
    onFailure: mustNotFail
  })
  hub.start(createDefinition())

  hub.notify.toolsChanged()
  hub.notify.resourceUpdated('notes://a')
  hub.notify.resourceUpdated('notes://b')
  await nextTurn()

  t.strictSame(watching.received, [TOOLS_CHANGED, UPDATED])
  t.strictSame(other.received, [TOOLS_CHANGED])
})

t.test('changes of the definition are sent from the start of a mount to its end', async (t) => {
  const definition = createDefinition()
  const session = createSession({ watches: 'notes://a' })
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail })

  definition.source.emit({ kind: 'tools' })
  await nextTurn()
  t.strictSame(session.received, [])

  hub.start(definition)
  definition.source.emit({ kind: 'resource', uri: 'notes://a' })
  await nextTurn()
  t.strictSame(session.received, [UPDATED])

  hub.stop()
  hub.stop()
  definition.source.emit({ kind: 'tools' })
  hub.notify.toolsChanged()
  hub.notifyClients([{ kind: 'tools' }])
  await nextTurn()
  t.strictSame(session.received, [UPDATED])
})

t.test(
  'a change is sent to the clients of this node and then to other nodes, whose changes are sent to the clients here',
  async (t) => {
    const session = createSession()
    const published: unknown[] = []
    const publish = async (events: readonly ChangeEvent[]): Promise<void> => {
      published.push(events, session.received.length)
    }
    const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail, others: { publish } })
    hub.start(createDefinition())

    hub.notify.toolsChanged()
    await nextTurn()
    hub.notifyClients([{ kind: 'tools' }])

    t.strictSame(published, [[{ kind: 'tools' }], 1])
    t.strictSame(session.received, [TOOLS_CHANGED, TOOLS_CHANGED])
  }
)

t.test('a change of a URI that is too long to be watched is not published to other nodes', async (t) => {
  const published: ChangeEvent[] = []
  const publish = async (events: readonly ChangeEvent[]): Promise<void> => { published.push(...events) }
  const hub = new ChangeHub([], { streams: { max: 1 }, onFailure: mustNotFail, others: { publish } })
  hub.start(createDefinition())

  hub.notify.resourceUpdated(`notes://${'x'.repeat(8192)}`)
  await nextTurn()
  hub.notify.resourceUpdated(`notes://${'x'.repeat(8192)}`)
  hub.notify.resourceUpdated('notes://a')
  await nextTurn()

  t.strictSame(published, [{ kind: 'resource', uri: 'notes://a' }])
})

t.test(
  'a failure to publish to other nodes is reported, and the clients of this node still receive the change',
  async (t) => {
    const failures: unknown[] = []
    const session = createSession()
    const publish = async (): Promise<void> => {
      throw new Error('no connection')
    }
    const hub = new ChangeHub([session], {
      streams: { max: 1 },
      onFailure: (error) => failures.push(error),
      others: { publish }
    })
    hub.start(createDefinition())

    hub.notify.toolsChanged()
    await nextTurn()

    t.strictSame(session.received, [TOOLS_CHANGED])
    t.match(failures, [{ message: 'no connection' }])
  }
)

t.test('a client that may have missed changes receives a change of everything that it watches', (t) => {
  const session = createSession({ watches: 'notes://a' })
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail })
  const received: unknown[] = []
  startListening(
    hub.subscriptions,
    [
      ['tools', undefined],
      ['resource notes://a', 'notes://a']
    ],
    { send: (json) => received.push(JSON.parse(json)) }
  )
  hub.start(createDefinition())

  hub.notifySubscribers()
  hub.notifySession(session)

  t.match(received, [TOOLS_CHANGED, UPDATED])
  t.match(session.received, [
    TOOLS_CHANGED,
    { method: 'notifications/prompts/list_changed' },
    { method: 'notifications/resources/list_changed' },
    UPDATED
  ])
  t.end()
})

t.test('a session receives a change with the URI as its client spells it, and once for all spellings', async (t) => {
  const session = createSession({ watches: 'notes://a' })
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail })
  hub.start(createDefinition())

  hub.notify.resourceUpdated('NOTES://%61')
  hub.notify.resourceUpdated('notes://a')
  await nextTurn()
  hub.notify.resourceUpdated('NOTES://%61')
  await nextTurn()

  t.strictSame(session.received, [UPDATED, UPDATED])
})

t.test('the definition is told of the changes that the app and other nodes report, and before its clients', async (t) => {
  const told: unknown[] = []
  const session = createSession()
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: mustNotFail })
  hub.start({ changed: (event) => { told.push(event, session.received.length) } })

  hub.notify.resourceUpdated('notes://a')
  await nextTurn()
  hub.notifyClients([{ kind: 'tools' }])

  t.strictSame(told, [{ kind: 'resource', uri: 'notes://a' }, 0, { kind: 'tools' }, 0])
})

t.test('after a gap the definition is told that every list has changed', async (t) => {
  const told: unknown[] = []
  const hub = new ChangeHub([], { streams: { max: 1 }, onFailure: mustNotFail })
  hub.start({ changed: (event) => { told.push(event) } })

  hub.notifySubscribers()

  t.strictSame(told, [{ kind: 'tools' }, { kind: 'prompts' }, { kind: 'resources' }])
})

t.test('a definition that fails at a change keeps it from no client', async (t) => {
  const failures: unknown[] = []
  const session = createSession()
  const hub = new ChangeHub([session], { streams: { max: 1 }, onFailure: (error) => { failures.push(error) } })
  hub.start({ changed () { throw new Error('broken hook') } })

  hub.notifyClients([{ kind: 'tools' }])

  t.strictSame(session.received, [TOOLS_CHANGED])
  t.match(failures, [{ message: 'broken hook' }])
})
