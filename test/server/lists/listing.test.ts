import t from 'tap'
import { Listing, readCursor, takePage, type ListSource } from '../../../lib/server/lists/listing.ts'
import { encodeCursor } from '../../../lib/protocol/cursor.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { Client, createNotes, refused, type Answer } from '../../support/definition-client.ts'

const INVALID_CURSOR = refused(
  -32602, 'Invalid cursor: it is malformed or the list has changed; list again from the start'
)

function createSource (names: string[]) {
  const asked: string[] = []
  const source: ListSource<{ readonly name: string }> = {
    field: 'things',
    pageSize: 2,
    items: (era) => {
      asked.push(era)
      return names.map((name) => ({ name }))
    },
    keyOf: ({ name }) => name,
    finish: (page, era) => ({ ...page, era })
  }
  return { source, asked }
}

t.test('a page has its items, the next cursor and the fields of its era', async (t) => {
  const { source } = createSource([])
  const items = ['a', 'b', 'c'].map((name) => ({ name }))

  t.strictSame(takePage(source, items, undefined, 'modern'), {
    things: [{ name: 'a' }, { name: 'b' }], nextCursor: encodeCursor('b'), era: 'modern'
  })
  t.strictSame(takePage(source, items, encodeCursor('b'), 'legacy'), { things: [{ name: 'c' }], era: 'legacy' })
  t.strictSame(takePage(source, [], undefined, 'legacy'), { things: [], era: 'legacy' })
  t.throws(() => takePage(source, items, encodeCursor('d'), 'legacy'), { code: -32602 })
})

t.test('a page is built once per era and cursor, until the list changes', async (t) => {
  const names = ['a', 'b', 'c']
  const { source, asked } = createSource(names)
  const listing = new Listing(source)

  const first = listing.page({}, 'modern')
  t.equal(listing.page({}, 'modern'), first)
  listing.page({ cursor: encodeCursor('b') }, 'modern')
  listing.page({}, 'legacy')
  t.strictSame(asked, ['modern', 'modern', 'legacy'])

  names.pop()
  listing.drop()

  t.equal(listing.page({}, 'modern').json, '{"things":[{"name":"a"},{"name":"b"}],"era":"modern"}')
  t.equal(listing.page({}, 'legacy').json, '{"things":[{"name":"a"},{"name":"b"}],"era":"legacy"}')
})

t.test('a cursor is a string or absent', async (t) => {
  t.equal(readCursor({}), undefined)
  t.equal(readCursor({ cursor: 'a' }), 'a')
  for (const cursor of [null, 1, {}]) {
    t.throws(() => readCursor({ cursor }), { code: -32602, message: "Invalid params: 'cursor' must be a string" })
  }
})

function createPaged () {
  const server = createNotes({ pageSize: 2 })
  for (const name of ['a', 'b', 'c']) {
    server.registerTool(name, {}, () => name)
    server.registerPrompt(name, {}, () => name)
    server.registerResource(name, `notes://${name}`, {}, () => name)
    server.registerResource(name, new ResourceTemplate(`${name}://{id}`), {}, () => name)
  }
  return server
}

function readPage (answer: Answer, field: string): { names: string[], nextCursor: string | undefined } {
  const result = 'result' in answer ? Object(answer.result) : {}
  return { names: result[field].map(({ name }: { name: string }) => name), nextCursor: result.nextCursor }
}

const LISTS: ReadonlyArray<readonly [method: string, field: string]> = [
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates']
]

for (const era of ['modern', 'legacy'] as const) {
  for (const [method, field] of LISTS) {
    t.test(`${method} can be read page by page in the ${era} era`, async (t) => {
      const server = createPaged()
      const client = new Client({ era })

      const first = readPage(await client.ask(server, method), field)
      const second = readPage(await client.ask(server, method, { cursor: first.nextCursor }), field)

      t.strictSame(first.names, ['a', 'b'])
      t.strictSame(second, { names: ['c'], nextCursor: undefined })
    })

    t.test(`${method} refuses an unknown cursor in the ${era} era`, async (t) => {
      const server = createPaged()

      for (const cursor of ['', 'nonsense', '*', encodeCursor('z')]) {
        t.strictSame(await new Client({ era }).ask(server, method, { cursor }), INVALID_CURSOR)
      }
      t.strictSame(
        await new Client({ era }).ask(server, method, { cursor: 1 }),
        refused(-32602, "Invalid params: 'cursor' must be a string")
      )
    })
  }
}

t.test('a list with resources from templates is walked page by page', async (t) => {
  const server = createPaged()
  const list = () => ['d', 'e'].map((name) => ({ uri: `more://${name}`, name }))
  server.registerResource('more', new ResourceTemplate('more://{id}', { list }), {}, () => 'a')
  const client = new Client()

  const first = readPage(await client.ask(server, 'resources/list'), 'resources')
  const second = readPage(await client.ask(server, 'resources/list', { cursor: first.nextCursor }), 'resources')
  const third = readPage(await client.ask(server, 'resources/list', { cursor: second.nextCursor }), 'resources')

  t.strictSame([...first.names, ...second.names, ...third.names], ['a', 'b', 'c', 'd', 'e'])
  t.equal(third.nextCursor, undefined)
  t.strictSame(await client.ask(server, 'resources/list', { cursor: encodeCursor('z') }), INVALID_CURSOR)
  t.strictSame(
    await client.ask(server, 'resources/list', { cursor: {} }),
    refused(-32602, "Invalid params: 'cursor' must be a string")
  )
})

t.test('a cached list shows every later change', async (t) => {
  const server = createPaged()
  const client = new Client()
  const names = async () => readPage(
    await client.ask(server, 'tools/list', { cursor: encodeCursor('b') }), 'tools'
  ).names
  t.strictSame(await names(), ['c'])

  const handle = server.registerTool('d', {}, () => 'a')
  t.strictSame(await names(), ['c', 'd'])
  handle.disable()
  t.strictSame(await names(), ['c'])
  handle.enable()
  t.strictSame(await names(), ['c', 'd'])
  handle.update({ title: 'D' })
  t.match(await client.ask(server, 'tools/list', { cursor: encodeCursor('c') }), {
    result: { tools: [{ name: 'd', title: 'D' }] }
  })
  handle.remove()
  t.strictSame(await names(), ['c'])
})
