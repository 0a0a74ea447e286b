import t from 'tap'
import { ACCESS, areListed, findListed, isAdmitted, isAllowed, isVisible, requireScopes, resolveAccess, type AccessConfig } from '../../../lib/server/lists/access.ts'
import { checkConfig } from '../../../lib/server/features/config-check.ts'
import { Collection, type Entry } from '../../../lib/server/lists/collection.ts'
import { InsufficientScopeError } from '../../../lib/errors.ts'
import { Client, createScoped, stopClock, untyped } from '../../support/definition-client.ts'

function createEntry (config: AccessConfig, key = 'add'): Entry {
  const label = `tool '${key}'`
  return { key, label, enabled: true, access: resolveAccess(config) }
}

const call = (client = new Client(), options = {}) => client.createCall({}, options)
const trusted = () => call(new Client({ channel: { isTrusted: true } }))
const never = (): never => { throw new Error('must not be asked') }

t.test('an entry without scopes and visible is not restricted', async (t) => {
  t.equal(resolveAccess({}), undefined)
  t.equal(resolveAccess({ scopes: [] }), undefined)
})

t.test('later changes of a configuration do not change the restriction of its entry', async (t) => {
  const scopes = ['notes:read']
  const visible = () => true
  const access = resolveAccess({ scopes, visible })
  scopes.push('notes:write')

  t.strictSame(access, { scopes: ['notes:read'], visible })
  t.ok(Object.isFrozen(access) && Object.isFrozen(access?.scopes))
})

t.test('invalid scopes and visible are refused at registration', async (t) => {
  for (const scopes of ['notes:read', {}, null, [''], ['a b'], [1], ['a"']]) {
    t.throws(() => checkConfig("tool 'add'", { scopes }, ACCESS), {
      code: 'MCP_ERR_INVALID_DEFINITION',
      message: "tool 'add' has a 'scopes' that must be an array of scopes, such as ['notes:write']"
    })
  }
  for (const visible of [true, null, 'ann']) {
    t.throws(() => checkConfig("tool 'add'", { visible }, ACCESS), {
      code: 'MCP_ERR_INVALID_DEFINITION', message: "tool 'add' has a 'visible' that must be a function (ctx) => boolean"
    })
  }
})

t.test('a caller is allowed if its token has every scope of the entry', async (t) => {
  const entry = createEntry({ scopes: ['a', 'b'] })

  for (const scopes of [['a', 'b'], ['b', 'c', 'a']]) t.equal(isAllowed(entry, call(createScoped(scopes))), true)
  for (const scopes of [[], ['a'], ['A', 'B'], ['a b']]) t.equal(isAllowed(entry, call(createScoped(scopes))), false)
  t.equal(isAllowed(createEntry({}), call()), true)
})

t.test('without auth, a caller has no scopes', async (t) => {
  t.equal(isAllowed(createEntry({ scopes: ['a'] }), call()), false)
})

t.test('an entry is visible only if visible returns or resolves to true', async (t) => {
  for (const value of [true, Promise.resolve(true)]) {
    t.equal(await isVisible(createEntry({ visible: () => value }), call()), true)
  }
  for (const value of [false, Promise.resolve(false), undefined, null, 1, 'yes', {}]) {
    t.equal(await isVisible(createEntry({ visible: () => untyped<boolean>(value) }), call()), false)
  }
  t.equal(await isVisible(createEntry({}), call()), true)
  t.equal(await isVisible(createEntry({ scopes: ['a'] }), call()), true)
})

t.test('visible gets the request context', async (t) => {
  const entry = createEntry({
    visible: ({ auth, era, method }) => auth?.clientId === 'client' && era === 'legacy' && method === 'tools/call'
  })

  t.equal(await isVisible(entry, call(createScoped([], { era: 'legacy' }))), true)
  t.equal(await isVisible(entry, call(createScoped([]))), false)
})

t.test('an entry whose visible fails is hidden, and the error is logged', async (t) => {
  const client = new Client()
  const failures: ReadonlyArray<() => boolean | Promise<boolean>> = [
    () => { throw new Error('the database is gone') },
    async () => { throw new Error('the database is gone') }
  ]

  for (const visible of failures) t.equal(await isVisible(createEntry({ visible }), call(client)), false)

  const line = {
    level: 'error',
    msg: "tool 'add' was hidden from a caller, because its 'visible' failed",
    err: { message: 'the database is gone' }
  }
  t.match(client.logged, [line, line])
})

t.test('an entry whose visible exceeds the timeout is hidden', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const answer = isVisible(createEntry({ visible: () => new Promise(() => {}) }), call(client, { timeout: 1000 }))

  pass(1000)

  t.equal(await answer, false)
  t.match(client.logged, [{ level: 'error', err: { message: 'timed out after 1000 ms' } }])
})

t.test('calls by the app see every entry and need no scopes', async (t) => {
  const entry = createEntry({ scopes: ['a'], visible: never })

  t.equal(await isVisible(entry, trusted()), true)
  t.equal(isAllowed(entry, trusted()), true)
  t.equal(await isAdmitted(entry, trusted()), true)
})

t.test('a missing scope is refused, and a hidden entry is unknown', async (t) => {
  const scoped = createEntry({ scopes: ['a'] })
  const both = createEntry({ scopes: ['a'], visible: ({ era }) => era === 'modern' })

  t.equal(await isAdmitted(scoped, call(createScoped(['a']))), true)
  await t.rejects(isAdmitted(scoped, call()), new InsufficientScopeError(['a']))
  await t.rejects(isAdmitted(both, call()), new InsufficientScopeError(['a']))
  t.equal(await isAdmitted(both, call(new Client({ era: 'legacy' }))), false)
})

t.test('the error for several entries names all their scopes', async (t) => {
  const entries = [createEntry({ scopes: ['a', 'b'] }), createEntry({}), createEntry({ scopes: ['b', 'c'] })]

  t.throws(() => requireScopes(entries, call(createScoped(['a', 'b']))), new InsufficientScopeError(['a', 'b', 'c']))
  requireScopes(entries, call(createScoped(['a', 'b', 'c'])))
  requireScopes([], call())
})

t.test('a list has the entries that the caller sees and has the scopes for, in order', async (t) => {
  const collection = new Collection<Entry>(() => {})
  const update = (entry: Entry) => entry
  for (const [key, config] of Object.entries<AccessConfig>({
    a: {}, b: { scopes: ['x'] }, c: { visible: async () => true }, d: { visible: () => false }
  })) {
    collection.add(createEntry(config, key), update)
  }
  const keys = async (client: Client) => (await findListed(collection, call(client))).map(({ key }) => key)

  t.strictSame(await areListed(collection.enabled, call()), [true, false, true, false])
  t.strictSame(await keys(new Client()), ['a', 'c'])
  t.strictSame(await keys(createScoped(['x'])), ['a', 'b', 'c'])
})

t.test('visible is not called for a list if a scope is missing', async (t) => {
  const client = new Client()

  t.strictSame(await areListed([createEntry({ scopes: ['x'], visible: never })], call(client)), [false])
  t.strictSame(client.logged, [])
})

t.test('a collection without restrictions is listed without a copy', async (t) => {
  const collection = new Collection<Entry>(() => {})
  collection.add(createEntry({}), (entry: Entry) => entry)

  t.equal(await findListed(collection, call()), collection.enabled)
})
