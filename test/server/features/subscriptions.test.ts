import t from 'tap'
import { InsufficientScopeError, RefusedError, RpcError } from '../../../lib/errors.ts'
import type { AccessConfig } from '../../../lib/server/lists/access.ts'
import type { Caller } from '../../../lib/server/call/incoming.ts'
import { createParts, type ServerParts } from '../../../lib/server/parts.ts'
import { createPrompt, updatePrompt } from '../../../lib/server/features/prompt.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { createResource, createTemplate, updateResource, updateTemplate } from '../../../lib/server/features/resource.ts'
import { resolveServerOptions, type McpServerOptions } from '../../../lib/server/options.ts'
import { createTool, updateTool } from '../../../lib/server/features/tool.ts'
import { WatchBudget } from '../../../lib/notify/watch-budget.ts'
import { WatchedUris } from '../../../lib/session/watched-uris.ts'
import { resolveFilter, subscribe, unsubscribe } from '../../../lib/server/features/subscriptions.ts'
import { Client, createScoped, stopClock, type Params } from '../../support/definition-client.ts'

const ALL = Object.freeze({
  toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['a:', 'b:']
})
const handler = (): string => 'a'

type Authorize = McpServerOptions<unknown>['authorizeSubscription']

function createEmpty (options: McpServerOptions<unknown> = {}): ServerParts {
  const info = { name: 'Notes', version: '1.0.0' }
  return createParts(info, resolveServerOptions(info, options))
}

function createFull (authorizeSubscription?: Authorize): ServerParts {
  const parts = createEmpty(authorizeSubscription && { authorizeSubscription })
  parts.tools.add(createTool('add', {}, handler), updateTool)
  parts.prompts.add(createPrompt('greet', {}, handler), updatePrompt)
  parts.resources.statics.add(createResource('a', 'notes://a', {}, handler), updateResource)
  return parts
}

function createSession (): Caller & { readonly subscriptions: WatchedUris } {
  return { ...new Client({ era: 'legacy' }).caller, subscriptions: new WatchedUris(new WatchBudget()) }
}

const refusal = (code: number, message: string, data?: unknown): RpcError => new RpcError(code, message, data)
const tooLong = 'x'.repeat(8193)

t.test('the granted filter has what the client asked for and the server offers', async (t) => {
  const ask = (parts: ServerParts, notifications: unknown) => resolveFilter(parts, new Client().createCall({
    notifications
  }))

  t.strictSame(await ask(createFull(), ALL), { notifications: ALL })
  t.strictSame(await ask(createFull(), {}), { notifications: {} })
  t.strictSame(await ask(createFull(), { promptsListChanged: true, resourceSubscriptions: [] }), {
    notifications: { promptsListChanged: true }
  })
  t.strictSame(await ask(createEmpty(), ALL), { notifications: {} })
  await t.rejects(
    ask(createFull(), null), refusal(-32602, "Invalid params: subscriptions/listen needs 'notifications', an object")
  )
})

t.test('only resources that authorizeSubscription allows are granted', async (t) => {
  const seen: unknown[] = []
  const parts = createFull((uri, ctx) => {
    seen.push([uri, ctx.era])
    return uri === 'b:'
  })
  const ask = (notifications: object) => resolveFilter(parts, new Client().createCall({ notifications }))

  t.strictSame(await ask(ALL), { notifications: { ...ALL, resourceSubscriptions: ['b:'] } })
  t.strictSame(await ask({ resourceSubscriptions: ['a:'] }), { notifications: {} })
  t.strictSame(await ask({ toolsListChanged: true }), { notifications: { toolsListChanged: true } })
  t.strictSame(seen, [['a:', 'modern'], ['b:', 'modern'], ['a:', 'modern']])
})

t.test('authorizeSubscription allows only by returning true', async (t) => {
  // Authors without TypeScript may return any value.
  for (const answer of [undefined, null, 1, 'yes', {}]) {
    const parts = createFull(() => answer as never)
    t.strictSame(await resolveFilter(parts, new Client().createCall({ notifications: ALL })), {
      notifications: { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    })
  }
})

t.test('authorizeSubscription gets the canonical form of a URI', async (t) => {
  const asked: string[] = []
  const parts = createFull((uri) => asked.push(uri) > 0)
  const resourceSubscriptions = ['docs://café', 'DOCS://caf%c3%a9', 'docs://x/../%63', 'no URI']

  const { notifications } = await resolveFilter(parts, new Client().createCall({
    notifications: { resourceSubscriptions }
  }))

  t.strictSame(asked, ['docs://caf%C3%A9', 'docs://caf%C3%A9', 'docs://x/c', 'no URI'])
  t.strictSame(notifications.resourceSubscriptions, resourceSubscriptions)
})

t.test('an error of authorizeSubscription refuses the request', async (t) => {
  const ask = (authorize: Authorize, client = new Client()) => resolveFilter(
    createFull(authorize), client.createCall({ notifications: ALL }, { timeout: 1000 })
  )
  const client = new Client()

  await t.rejects(ask(() => { throw refusal(4100, 'Sign in first') }), refusal(4100, 'Sign in first'))
  await t.rejects(ask(async () => { throw new Error('the database is gone') }, client), {
    code: -32603, message: /^Error authorizing a subscription/
  })
  t.match(client.logged, [{ err: { message: 'the database is gone' } }])
})

t.test('authorizeSubscription has the same timeout as handlers', async (t) => {
  const pass = stopClock(t)
  const answer = resolveFilter(
    createFull(() => new Promise(() => {})), new Client().createCall({ notifications: ALL }, { timeout: 1000 })
  )

  pass(1000)

  await t.rejects(answer, { code: -32603, message: /^Error authorizing a subscription: / })
})

const serveSubscribe = (parts: ServerParts, params: Params, caller: Caller): Promise<object> =>
  subscribe(parts, new Client({ era: 'legacy' }).createCall(params, { method: 'resources/subscribe', caller }))

const serveUnsubscribe = (parts: ServerParts, params: Params, caller: Caller): Promise<object> =>
  unsubscribe(parts, new Client({ era: 'legacy' }).createCall(params, { method: 'resources/unsubscribe', caller }))

t.test('a session watches a resource from resources/subscribe to resources/unsubscribe', async (t) => {
  const parts = createFull()
  const session = createSession()

  for (const uri of ['notes://a', 'notes://not-yet', 'notes://a', '']) {
    t.strictSame(await serveSubscribe(parts, { uri }, session), {})
  }
  t.strictSame([...session.subscriptions], ['notes://a', 'notes://not-yet', ''])

  for (const uri of ['notes://a', 'notes://a', 'notes://never']) {
    t.strictSame(await serveUnsubscribe(parts, { uri }, session), {})
  }
  t.strictSame([...session.subscriptions], ['notes://not-yet', ''])
})

t.test('an invalid URI is refused', async (t) => {
  const session = createSession()

  for (const uri of [undefined, null, 1, ['a:'], tooLong]) {
    await t.rejects(
      serveSubscribe(createFull(), { uri }, session),
      refusal(-32602, "Invalid params: resources/subscribe needs 'uri', a string of at most 8192 characters")
    )
    await t.rejects(
      serveUnsubscribe(createFull(), { uri }, session),
      refusal(-32602, "Invalid params: resources/unsubscribe needs 'uri', a string of at most 8192 characters")
    )
  }
  t.equal(session.subscriptions.size, 0)
})

t.test('a resource that a session may not watch is not found', async (t) => {
  const session = createSession()
  const parts = createFull((uri, { era }) => era === 'legacy' && uri === 'a:')

  await serveSubscribe(parts, { uri: 'a:' }, session)
  await t.rejects(serveSubscribe(parts, { uri: 'b:' }, session), refusal(-32002, 'Resource not found', { uri: 'b:' }))

  t.strictSame([...session.subscriptions], ['a:'])
})

t.test('a session watches no more than 1,000 resources', async (t) => {
  const parts = createFull()
  const session = createSession()
  const add = (uri: string) => serveSubscribe(parts, { uri }, session)
  const all = await Promise.all(Array.from({ length: 1100 }, (_none, number) => add(`notes://${number}`).catch((error: unknown) => error)))
  const refused = new RefusedError(
    -32602, 'Invalid params: a session may watch 1000 resources at once; unsubscribe from some of them first'
  )

  t.equal(session.subscriptions.size, 1000)
  t.strictSame(all.slice(0, 1000), Array(1000).fill({}))
  t.strictSame(all.slice(1000), Array(100).fill(refused))

  t.strictSame(await add('notes://0'), {})
  serveUnsubscribe(parts, { uri: 'notes://0' }, session)
  t.strictSame(await add('notes://1000'), {})
})

t.test('a caller without a session can subscribe, with no effect', async (t) => {
  const { caller } = new Client({ era: 'legacy' })

  t.strictSame(await serveSubscribe(createFull(), { uri: 'a:' }, caller), {})
  t.strictSame(await serveUnsubscribe(createFull(), { uri: 'a:' }, caller), {})
})

/** Creates a server with resources that are restricted to some callers. */
function createRestricted (authorizeSubscription?: Authorize): { parts: ServerParts, asked: unknown[] } {
  const asked: unknown[] = []
  const parts = createFull(authorizeSubscription)
  const visible: AccessConfig['visible'] = ({ era }) => { asked.push(era); return era === 'modern' }
  parts.resources.statics.add(createResource('b', 'notes://b', { scopes: ['x', 'y'] }, handler), updateResource)
  parts.resources.statics.add(createResource('c', 'notes://c', { scopes: ['z'] }, handler), updateResource)
  parts.resources.templates.add(
    createTemplate('d', new ResourceTemplate('d://{id}'), { visible }, handler), updateTemplate
  )
  return { parts, asked }
}

t.test('with restricted resources, a caller can watch only existing resources that it sees', async (t) => {
  const { parts, asked } = createRestricted()
  const ask = (client: Client) => resolveFilter(parts, client.createCall({
    notifications: { resourceSubscriptions: ['notes://a', 'd://1', 'notes://none', 'd://2', 'none'] }
  }))

  t.strictSame(await ask(new Client()), { notifications: { resourceSubscriptions: ['notes://a', 'd://1', 'd://2'] } })
  t.strictSame(await ask(new Client({ era: 'legacy' })), { notifications: { resourceSubscriptions: ['notes://a'] } })
  t.strictSame(asked, ['modern', 'legacy'])
})

t.test('resources/subscribe to a hidden or missing resource is a not-found error', async (t) => {
  const { parts } = createRestricted()
  const session = createSession()

  await serveSubscribe(parts, { uri: 'notes://a' }, session)
  for (const uri of ['d://1', 'notes://none']) {
    await t.rejects(serveSubscribe(parts, { uri }, session), refusal(-32002, 'Resource not found', { uri }))
  }

  t.strictSame([...session.subscriptions], ['notes://a'])
})

t.test('a missing scope refuses the subscription with all scopes that are needed', async (t) => {
  const { parts } = createRestricted()
  const session = createSession()
  const ask = (client: Client) => resolveFilter(parts, client.createCall({
    notifications: { resourceSubscriptions: ['notes://a', 'notes://b', 'notes://c'] }
  }))

  await t.rejects(ask(createScoped(['x', 'z'])), new InsufficientScopeError(['x', 'y', 'z']))
  await t.rejects(serveSubscribe(parts, { uri: 'notes://b' }, session), new InsufficientScopeError(['x', 'y']))
  t.strictSame(await ask(createScoped(['x', 'y', 'z'])), {
    notifications: { resourceSubscriptions: ['notes://a', 'notes://b', 'notes://c'] }
  })
  t.equal(session.subscriptions.size, 0)
})

t.test('authorizeSubscription is called only for resources that the caller sees', async (t) => {
  const seen: string[] = []
  const { parts } = createRestricted((uri) => { seen.push(uri); return uri === 'd://2' })
  const ask = (client: Client) => resolveFilter(parts, client.createCall({
    notifications: { resourceSubscriptions: ['d://1', 'd://2', 'notes://none'] }
  }))

  t.strictSame(await ask(new Client()), { notifications: { resourceSubscriptions: ['d://2'] } })
  t.strictSame(await ask(new Client({ era: 'legacy' })), { notifications: {} })
  t.strictSame(seen, ['d://1', 'd://2'])
})
