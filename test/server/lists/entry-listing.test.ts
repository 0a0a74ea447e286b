import t from 'tap'
import { encodeCursor } from '../../../lib/protocol/cursor.ts'
import { resolveAccess, type AccessConfig } from '../../../lib/server/lists/access.ts'
import { Collection, type Entry } from '../../../lib/server/lists/collection.ts'
import { EntryListing } from '../../../lib/server/lists/entry-listing.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { Client, createNotes, createScoped, refused, type Answer, type Params } from '../../support/definition-client.ts'

const INVALID_CURSOR = refused(
  -32602, 'Invalid cursor: it is malformed or the list has changed; list again from the start'
)

function createEntry (key: string, config: AccessConfig): Entry {
  return { key, label: `thing '${key}'`, enabled: true, access: resolveAccess(config) }
}

function createListing (configs: Readonly<Record<string, AccessConfig>>) {
  const collection: Collection<Entry> = new Collection(() => listing.drop())
  const listing: EntryListing<Entry, { readonly name: string }> = new EntryListing({
    field: 'things',
    pageSize: 2,
    collection,
    itemOf: ({ key }) => ({ name: key }),
    keyOf: ({ name }) => name,
    finish: (page, era) => ({ ...page, era, shared: true }),
    finishPrivate: (page, era) => ({ ...page, era, shared: false })
  })
  const handles = Object.entries(configs).map(
    ([key, config]) => collection.add(
      createEntry(key, config), (_entry, changes: AccessConfig) => createEntry(key, changes)
    )
  )
  const ask = (client = new Client(), params: Params = {}) => listing.page(client.createCall(params))
  return { handles, ask }
}

t.test('an unrestricted list is one synchronous page for all callers', async (t) => {
  const { ask } = createListing({ a: {}, b: {} })

  t.equal(ask(), ask(createScoped(['x'])))
  t.strictSame(ask(), await ask())
  t.equal((await ask()).json, '{"things":[{"name":"a"},{"name":"b"}],"era":"modern","shared":true}')
})

t.test('callers that see the same entries share the page of a restricted list', async (t) => {
  const { ask } = createListing({ a: { scopes: ['x'] }, b: {}, c: { visible: ({ era }) => era === 'modern' } })

  t.equal((await ask()).json, '{"things":[{"name":"b"},{"name":"c"}],"era":"modern","shared":false}')
  t.equal((await ask(createScoped(['x', 'y']))).json, `{"things":[{"name":"a"},{"name":"b"}],"nextCursor":"${encodeCursor('b')}","era":"modern","shared":false}`)
  t.equal((await ask(new Client({ era: 'legacy' }))).json, '{"things":[{"name":"b"}],"era":"legacy","shared":false}')
  t.equal(await ask(), await ask(createScoped(['y'])))
  t.not(await ask(), await ask(createScoped(['x'])))
})

t.test('each change of an entry shows in the lists of all callers', async (t) => {
  const { ask, handles: [a, b] } = createListing({ a: { scopes: ['x'] }, b: { scopes: ['y'] } })
  const names = async (client = new Client()) => JSON.parse((await ask(client)).json).things.map(
    ({ name }: { name: string }) => name
  )
  t.strictSame([await names(), await names(createScoped(['x']))], [[], ['a']])

  a?.update({})
  t.strictSame([await names(), await names(createScoped(['x']))], [['a'], ['a']])
  b?.disable()
  t.match(await ask(), { json: '{"things":[{"name":"a"}],"era":"modern","shared":true}' })
  b?.enable()
  t.strictSame([await names(), await names(createScoped(['y']))], [['a'], ['a', 'b']])
})

t.test('a change while visible runs does not mix two lists', async (t) => {
  let decide: (isVisible: boolean) => void = () => {}
  const decided = new Promise<boolean>((resolve) => { decide = resolve })
  const { ask, handles: [a] } = createListing({ a: {}, b: {}, c: { visible: () => decided } })
  const answer = ask()

  a?.remove()
  decide(false)

  t.equal((await answer).json, '{"things":[{"name":"a"},{"name":"b"}],"era":"modern","shared":false}')
  t.equal((await ask()).json, '{"things":[{"name":"b"}],"era":"modern","shared":false}')
})

t.test('the number of cached lists is bounded if every caller sees another one', async (t) => {
  const scopes = ['a', 'b', 'c', 'd', 'e']
  const { ask } = createListing(Object.fromEntries(scopes.map((scope) => [scope, { scopes: [scope] }])))
  const subset = (number: number) => createScoped(scopes.filter((_scope, bit) => (number >> bit) % 2 === 1))

  const first = await ask(subset(1))
  for (let number = 2; number <= 16; number++) await ask(subset(number))
  t.equal(await ask(subset(1)), first)
  await ask(subset(17))

  t.not(await ask(subset(1)), first)
  t.strictSame(await ask(subset(1)), first)
})

function readPage (
  answer: Answer, field: string
): { names: string[], nextCursor: string | undefined, cacheScope: string | undefined } {
  const result = 'result' in answer ? Object(answer.result) : {}
  return {
    names: result[field].map(({ name }: { name: string }) => name),
    nextCursor: result.nextCursor,
    cacheScope: result.cacheScope
  }
}

async function walk (
  client: Client, server: ReturnType<typeof createNotes>, [method, field]: readonly [string, string]
) {
  const pages = []
  let cursor: string | undefined
  do {
    const page = readPage(await client.ask(server, method, cursor === undefined ? {} : { cursor }), field)
    pages.push(page)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return pages
}

const LISTS: ReadonlyArray<readonly [method: string, field: string]> = [
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates']
]

function createMixed (isDynamic = false) {
  const server = createNotes({ pageSize: 2, cache: { ttlMs: 5, scope: 'public' } })
  for (const [name, config] of Object.entries<AccessConfig>({
    a: {}, b: { scopes: ['x'] }, c: {}, d: { visible: ({ auth }) => auth !== undefined }, e: {}, f: { scopes: ['y'] }
  })) {
    server.registerTool(name, config, () => name)
    server.registerPrompt(name, config, () => name)
    server.registerResource(name, `notes://${name}`, config, () => name)
    const list = () => [{ uri: `${name}://1`, name: name.toUpperCase() }]
    server.registerResource(name, new ResourceTemplate(`${name}://{id}`, isDynamic ? { list } : {}), config, () => name)
  }
  return server
}

for (const list of LISTS) {
  t.test(`${list[0]} has full pages of the entries that each caller sees, without gaps or duplicates, and is private`, async (t) => {
    const server = createMixed()

    const nobody = await walk(new Client(), server, list)
    const someone = await walk(createScoped(['x']), server, list)
    const everybody = await walk(createScoped(['x', 'y']), server, list)
    const old = await walk(createScoped(['x'], { era: 'legacy' }), server, list)

    t.strictSame(nobody.map(({ names }) => names), [['a', 'c'], ['e']])
    t.strictSame(someone.map(({ names }) => names), [['a', 'b'], ['c', 'd'], ['e']])
    t.strictSame(everybody.map(({ names }) => names), [['a', 'b'], ['c', 'd'], ['e', 'f']])
    t.strictSame(old.map(({ names }) => names), [['a', 'b'], ['c', 'd'], ['e']])
    for (const { cacheScope } of [...nobody, ...someone, ...everybody]) t.equal(cacheScope, 'private')
    for (const { cacheScope } of old) t.equal(cacheScope, undefined)
    t.match(await new Client().ask(server, list[0]), { result: { ttlMs: 5 } })
  })

  t.test(`${list[0]} refuses a cursor at an entry that the caller does not see`, async (t) => {
    const server = createMixed()
    const keyOf = (name: string) => ({ 'tools/list': name, 'prompts/list': name, 'resources/list': `notes://${name}` })[list[0]] ?? `${name}://{id}`
    const cursor = (name: string) => ({ cursor: encodeCursor(keyOf(name)) })

    for (const name of ['b', 'd', 'z']) {
      t.strictSame(await new Client().ask(server, list[0], cursor(name)), INVALID_CURSOR)
    }
    t.strictSame(readPage(await createScoped(['x']).ask(server, list[0], cursor('b')), list[1]).names, ['c', 'd'])
  })
}

t.test('resources listed by a template are listed only for callers that see the template', async (t) => {
  const server = createMixed(true)

  const nobody = await walk(new Client(), server, ['resources/list', 'resources'])
  const someone = await walk(createScoped(['x']), server, ['resources/list', 'resources'])

  t.strictSame(nobody.flatMap(({ names }) => names), ['a', 'c', 'e', 'A', 'C', 'E'])
  t.strictSame(someone.flatMap(({ names }) => names), ['a', 'b', 'c', 'd', 'e', 'A', 'B', 'C', 'D', 'E'])
  for (const { cacheScope } of [...nobody, ...someone]) t.equal(cacheScope, 'private')
  t.strictSame(await new Client().ask(server, 'resources/list', { cursor: encodeCursor('b://1') }), INVALID_CURSOR)
})

t.test('the list function of a hidden template is not called', async (t) => {
  const server = createNotes()
  const asked: string[] = []
  const listing = (name: string) => new ResourceTemplate(`${name}://{id}`, { list: () => { asked.push(name); return [] } })
  server.registerResource('a', listing('a'), {}, () => 'a')
  server.registerResource('b', listing('b'), { scopes: ['x'] }, () => 'b')
  server.registerResource('c', listing('c'), { visible: () => false }, () => 'c')

  await new Client().ask(server, 'resources/list')

  t.strictSame(asked, ['a'])
})

t.test('lists of unrestricted features stay public if another feature is restricted', async (t) => {
  const server = createNotes()
  server.registerTool('a', { scopes: ['x'] }, () => 'a')
  server.registerPrompt('a', {}, () => 'a')

  t.match(await new Client().ask(server, 'tools/list'), { result: { tools: [], cacheScope: 'private' } })
  t.match(await new Client().ask(server, 'prompts/list'), {
    result: { prompts: [{ name: 'a' }], cacheScope: 'public' }
  })
})
