import t from 'tap'
import { compose, type Member } from '../../lib/compose/composition.ts'
import { McpServer, type ChangeEvent, type McpServerOptions, type ServerDefinition } from '../../lib/index.ts'
import { Client } from '../support/definition-client.ts'

function createMember (name: string, tools: number, options: McpServerOptions<undefined> = {}): McpServer {
  const server = new McpServer({ name, version: '1.0.0' }, options)
  for (let n = 1; n <= tools; n++) server.registerTool(`${name}_${n}`, {}, () => `${name} ${n}`)
  return server
}

function toMember (definition: McpServer): Member {
  return { definition, owns: ({ params: { name } }) => definition.hasTool(name) }
}

/** Lists all pages: the names of each. */
async function listPages (definition: ServerDefinition, client = new Client()): Promise<readonly string[][]> {
  const pages: string[][] = []
  let cursor: unknown
  do {
    const answer = await client.ask(definition, 'tools/list', cursor === undefined ? {} : { cursor })
    if (!('result' in answer)) throw new Error(answer.error.message)
    const { tools, nextCursor } = answer.result as { tools: Array<{ name: string }>, nextCursor?: string }
    pages.push(tools.map(({ name }) => name))
    cursor = nextCursor
  } while (cursor !== undefined)
  return pages
}

t.test('lists follow each other on one page, as long as there are no more pages', async (t) => {
  const composed = compose(createMember('a', 2), toMember(createMember('b', 1)), toMember(createMember('c', 1)))

  t.same(await listPages(composed), [['a_1', 'a_2', 'b_1', 'c_1']])
})

t.test('pages are those of each member, in the order of the members, in both eras', async (t) => {
  const pageSize = 2
  const composed = compose(
    createMember('a', 3, { pageSize }), toMember(createMember('b', 3, { pageSize })), toMember(createMember('c', 1)))
  const pages = [['a_1', 'a_2'], ['a_3', 'b_1', 'b_2'], ['b_3', 'c_1']]

  t.same(await listPages(composed), pages)
  t.same(await listPages(composed, new Client({ era: 'legacy' })), pages)
})

t.test('a cursor that no page has is refused', async (t) => {
  const composed = compose(createMember('a', 1), toMember(createMember('b', 1)))

  for (const cursor of ['', 'x', '0.x', '7.', '1', '-1.', 7]) {
    t.match(await new Client().ask(composed, 'tools/list', { cursor }), { error: { code: -32602 } }, String(cursor))
  }
})

t.test('a list is prepared once, until one of its members changes', async (t) => {
  const [main, other] = [createMember('a', 1), createMember('b', 1)]
  const composed = compose(main, toMember(other))
  const { caller, channel } = new Client()
  const message = { id: 1, method: 'tools/list', params: {} }
  const list = (): Promise<unknown> => composed.serve({ message, caller, channel })

  const first = await list()
  t.equal(await list(), first)

  other.registerTool('b_2', {}, () => 'new')
  t.not(await list(), first)
  t.same(await listPages(composed), [['a_1', 'b_1', 'b_2']])
})

t.test('a list belongs to its caller where that of one member does, and is fresh as long as all are', async (t) => {
  const other = createMember('b', 1, { cache: { ttlMs: 5000 } })
  other.registerTool('b_secret', { visible: () => false }, () => 'secret')
  const composed = compose(createMember('a', 1, { cache: { ttlMs: 60_000 } }), toMember(other))

  const listed = await new Client().ask(composed, 'tools/list')

  t.match(listed, { result: { ttlMs: 5000, cacheScope: 'private' } })
  t.same(await listPages(composed), [['a_1', 'b_1']])
})

t.test('a tool that two members have is listed once, and served by the one that owns it', async (t) => {
  const [main, other] = [createMember('a', 1), createMember('b', 1)]
  main.registerTool('same', {}, () => 'main')
  other.registerTool('same', {}, () => 'other')
  const composed = compose(main, toMember(other))

  t.same(await listPages(composed), [['a_1', 'b_1', 'same']])
  t.match(await new Client().callTool(composed, 'same'), { result: { content: [{ text: 'other' }] } })
})

t.test('each request is served by its owner, and all others by the main member', async (t) => {
  const main = createMember('a', 1)
  main.registerPrompt('ask', {}, () => 'a question')
  const composed = compose(main, toMember(createMember('b', 1)))
  const client = new Client()

  t.match(await client.callTool(composed, 'a_1'), { result: { content: [{ text: 'a 1' }] } })
  t.match(await client.callTool(composed, 'b_1'), { result: { content: [{ text: 'b 1' }] } })
  t.match(await client.callTool(composed, 'none'), { error: { code: -32602, message: 'Unknown tool: none' } })
  t.match(await client.ask(composed, 'prompts/get', { name: 'ask' }), { result: { messages: [{}] } })
  t.match(await client.ask(composed, 'prompts/list'), { result: { prompts: [{ name: 'ask' }] } })
  t.match(await client.ask(composed, 'resources/list'), { error: { code: -32601 } })
  t.match(await client.ask(composed, 'no/such'), { error: { code: -32601 } })
})

t.test('a member that has no tools leaves them to the others', async (t) => {
  const composed = compose(new McpServer({ name: 'a', version: '1.0.0' }), toMember(createMember('b', 1)))
  const client = new Client()

  t.same(await listPages(composed), [['b_1']])
  t.match(await client.callTool(composed, 'none'), { error: { code: -32602, message: 'Unknown tool: none' } })
})

t.test('a composition is called after its main member, and can do what all members can', async (t) => {
  const main = new McpServer({ name: 'a', version: '1.0.0' }, { instructions: 'First.' })
  main.registerPrompt('ask', {}, () => 'a question')
  const composed = compose(main, toMember(createMember('b', 1, { instructions: 'Second.' })))
  const capabilities = { prompts: {}, tools: {}, logging: {} }

  const discovered = await new Client().ask(composed, 'server/discover')
  const opened = await new Client({ era: 'legacy' }).ask(composed, 'initialize')

  const both = { result: { capabilities, instructions: 'First.\n\nSecond.' } }
  t.match(discovered, { ...both, result: { ...both.result, cacheScope: 'public', ttlMs: 0 } })
  t.match(opened, { result: { ...both.result, serverInfo: { name: 'a' } } })
  t.equal(composed.info?.name, 'a')
})

t.test('a client listens to what any of the members lets it listen to', async (t) => {
  const main = new McpServer({ name: 'a', version: '1.0.0' })
  main.registerPrompt('ask', {}, () => 'a question')
  main.registerResource('note', 'note://1', {}, () => 'a note')
  const composed = compose(main, toMember(createMember('b', 1)))
  const notifications = {
    toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['note://1']
  }

  const client = new Client({ channel: { canListen: true } })

  t.match(await client.ask(composed, 'subscriptions/listen', { notifications }), { result: { notifications } })
})

t.test('changes and warnings of all members are passed on, until that ends', async (t) => {
  const [main, other] = [createMember('a', 1), createMember('b', 1)]
  const composed = compose(main, toMember(other))
  const heard: ChangeEvent[] = []
  const warned: string[] = []
  const ends = [composed.onChange?.((event) => heard.push(event)), composed.onWarning?.((text) => warned.push(text))]
  const slow = { type: 'object', properties: { a: { type: 'string', pattern: '(a+)+$' } } }

  main.registerTool('a_2', {}, () => 'new')
  other.registerTool('b_2', { inputSchema: slow }, () => 'new')
  for (const end of ends) end?.()
  main.registerTool('a_3', {}, () => 'new')

  t.same(heard, [{ kind: 'tools' }, { kind: 'tools' }])
  t.equal(warned.length, 1)
})

t.test('members are entered in order and left in reverse, and one that fails has the others left', async (t) => {
  const events: string[] = []
  const create = (name: string, fails = false): ServerDefinition => ({
    serve: async () => ({}),
    async enter () {
      if (fails) throw new Error(name)
      events.push(`enter ${name}`)
      return { value: name, close () { events.push(`leave ${name}`) } }
    },
    ended (session) { events.push(`ended ${String(session === caller)} ${name}`) }
  })
  const caller = {}
  const owns = (): boolean => false
  // No member looks at the app.
  const app = undefined as never

  const composed = compose(create('a'), { definition: create('b'), owns })
  const entered = await composed.enter?.(app)
  await composed.ended?.(caller)
  await entered?.close?.()
  const failing = compose(create('c'), { definition: create('d', true), owns })
  await t.rejects(async () => { await failing.enter?.(app) }, /d/)

  t.equal(entered?.value, 'a')
  t.same(events, [
    'enter a', 'enter b', 'ended true a', 'ended true b', 'leave b', 'leave a', 'enter c', 'leave c'
  ])
})

t.test('a composition shares its state where all of its members do', async (t) => {
  const shared = { requestState: { keys: ['0'.repeat(32)] } }

  t.equal(compose(createMember('a', 1, shared), toMember(createMember('b', 1, shared))).sharesState, true)
  t.equal(compose(createMember('a', 1, shared), toMember(createMember('b', 1))).sharesState, false)
})

t.test('the contents are those of the members that tell theirs', (t) => {
  const silent: ServerDefinition = { info: { name: 'silent', version: '1.0.0' }, serve: async () => ({}) }
  const members = [toMember(createMember('b', 2)), { definition: silent, owns: () => false }]
  const composed = compose(createMember('a', 1), ...members)

  t.same([...composed.contents?.()?.entries.keys() ?? []], ["tool 'a_1'", "tool 'b_1'", "tool 'b_2'"])
  t.equal(compose(silent).contents?.(), undefined)
  t.end()
})
