// The examples of where servers are mounted.
import t from 'tap'
import { clientKinds, failureOf, v1, v2Modern } from '../support/clients.ts'
import { findPort } from '../support/free-port.ts'
import { callByHand, connect, connectWithHeaders, textOf, withExample } from './example.ts'

// Processes take long to start on a busy machine.
t.setTimeout(300_000)

t.test('notes: a server alone has tools, resources and a prompt', async (t) => {
  await withExample(t, 'notes', {}, async ({ url }) => {
    for (const kind of clientKinds) {
      const client = await connect(t, kind, url)
      const topic = kind.title

      const added = await client.callTool('add_note', { text: 'Buy milk', topic })

      const [said, { uri = '', name = '' } = {}] = added['content'] as Array<{ uri?: string, name?: string }>
      t.match(said, { type: 'text', text: `Saved note ${name.replace('Note ', '')} as ${uri}` })
      t.same(await client.listResources(), [{ uri, name, description: 'One note', mimeType: 'text/plain' }])
      t.match(await client.readResource(uri), { contents: [{ uri, mimeType: 'text/plain', text: 'Buy milk' }] })
      t.equal(
        textOf(await client.callTool('search_notes', { text: 'MILK' })),
        `${name.replace('Note ', '')} (${topic}): Buy milk`
      )
      t.match(await client.complete({ type: 'ref/prompt', name: 'summarize' }, { name: 'topic', value: 'the' }), {
        completion: { values: [topic] }
      })
      t.match(await client.getPrompt('summarize', { topic }), {
        messages: [{ role: 'user', content: { type: 'text', text: 'Summarize these notes:\n- Buy milk' } }]
      })
      t.equal(
        textOf(await client.callTool('delete_note', { id: Number(uri.replace('note:///', '')) })),
        `Deleted ${name.toLowerCase()}`
      )
      t.match(await failureOf(client.readResource(uri)), { message: 'Resource not found' })
    }
  })
})

t.test('host-app: the app is as it was, and shares its data with the server', async (t) => {
  await withExample(t, 'host-app', {}, async ({ url }) => {
    const book = { isbn: '9780199536948', title: 'The Iliad', copies: 1 }
    const put = await fetch(new URL('/books', url), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(book)
    })
    const invalid = await fetch(new URL('/books', url), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{}'
    })
    const broken = await fetch(new URL('/broken', url))
    const wrong = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })
    const client = await connect(t, v2Modern, url)

    t.equal(put.status, 204)
    t.same([invalid.status, await invalid.json()], [400, { problem: "body must have required property 'isbn'" }])
    t.same(
      [broken.status, broken.headers.get('x-served-by'), await broken.json()],
      [500, 'library', { problem: 'The library is closed' }]
    )
    t.same([wrong.status, wrong.headers.get('x-served-by')], [400, 'library'])
    t.match(await wrong.json(), { jsonrpc: '2.0', id: null, error: { code: -32700 } })
    t.same((await client.callTool('find_books', { title: 'iliad' }))['structuredContent'], { books: [book] })
    t.equal(textOf(await client.callTool('lend_book', { isbn: book.isbn })), 'Lent The Iliad')
    t.match(await client.callTool('lend_book', { isbn: book.isbn }), {
      isError: true,
      content: [{ text: 'All copies of The Iliad are lent' }]
    })
    t.match(await (await fetch(new URL('/books', url))).json(), [
      { title: 'The Odyssey', copies: 2 },
      { ...book, copies: 0 }
    ])
  })
})

t.test(
  'endpoint-at-prefix: the prefix is the endpoint, with a slash at its end or not, and with routes below',
  async (t) => {
    await withExample(t, 'endpoint-at-prefix', {}, async ({ url }) => {
      t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/dice$/)
      for (const endpoint of [url, `${url}/`]) {
        const client = await connect(t, v1, endpoint)
        const { structuredContent } = await client.callTool('roll', { dice: 3, sides: 2 })
        const { rolled, sum } = structuredContent as { rolled: number[]; sum: number }

        t.ok(rolled.length === 3 && rolled.every((number) => number === 1 || number === 2))
        t.equal(
          sum,
          rolled.reduce((sum, number) => sum + number, 0)
        )
        t.same(
          client.recorded.filter(({ redirected }) => redirected),
          []
        )
      }
      t.same(await (await fetch(`${url}/rules`)).json(), { rules: 'The higher number wins.' })
    })
  }
)

t.test('by-host-name: the name in the URL chooses the server', async (t) => {
  const port = await findPort()
  await withExample(t, 'by-host-name', { env: { PORT: String(port) }, endpoints: 2 }, async ({ urls }) => {
    t.same(urls, [`http://clock.localhost:${port}/mcp`, `http://calendar.localhost:${port}/mcp`])
    // Not every system resolves these names, and `fetch` sends no Host of one's own.
    const address = `http://127.0.0.1:${port}/mcp`
    const ask = async (server: string, tool: string, args: object): Promise<unknown> =>
      (await callByHand(address, tool, args, { host: `${server}.localhost:${port}` })).body

    t.match(await ask('clock', 'tell_time', { timeZone: 'Asia/Tokyo' }), { result: { content: [{ text: /GMT\+9$/ }] } })
    t.match(await ask('clock', 'tell_time', { timeZone: 'Mars/Olympus' }), {
      result: { isError: true, content: [{ text: 'There is no time zone Mars/Olympus' }] }
    })
    t.match(await ask('calendar', 'count_days', { from: '2024-02-28', to: '2024-03-01' }), {
      result: { content: [{ text: '2 days' }] }
    })
    t.match(await ask('calendar', 'tell_time', {}), { error: { code: -32602, message: 'Unknown tool: tell_time' } })
    t.equal((await callByHand(address, 'tell_time', {})).status, 404)
  })
})

t.test('nested-mounts: each mount is below the prefixes around it, and meets the hooks of its scopes', async (t) => {
  await withExample(t, 'nested-mounts', { env: { STAFF_KEY: 'key' }, endpoints: 4 }, async ({ urls }) => {
    const [root = '', museum = '', hall = '', staff = ''] = urls
    const hours = { day: 'weekday' }

    t.same(
      urls.map((url) => decodeURI(new URL(url).pathname)),
      ['/mcp', '/api/museum/mcp', '/api/museum/halls/:hall/mcp', '/api/staff/mcp']
    )
    for (const [url, place, version] of [
      [root, 'The museum', undefined],
      [museum, 'The museum', '1'],
      [hall.replace(':hall', '3'), 'Hall 3', '1']
    ] as const) {
      const { status, headers, body } = await callByHand(url, 'opening_hours', hours)
      t.same([status, headers['api-version']], [200, version])
      t.match(body, { result: { content: [{ type: 'text', text: `${place} is open from 10:00 to 18:00` }] } })
    }
    t.match(await callByHand(staff, 'who_works', {}), {
      status: 401,
      headers: { 'api-version': '1' },
      body: { message: 'Staff only: send X-Staff-Key' }
    })
    const member = await connectWithHeaders(t, staff, { 'x-staff-key': 'key' })
    t.match(await member.callTool({ name: 'who_works' }), { content: [{ text: 'Ada' }, { text: 'Grace' }] })
  })
})

t.test('echo-and-maths: two servers side by side', async (t) => {
  await withExample(t, 'echo-and-maths', { endpoints: 2 }, async ({ urls: [echoUrl = '', mathsUrl = ''] }) => {
    for (const kind of [v1, v2Modern]) {
      const echo = await connect(t, kind, echoUrl)
      const maths = await connect(t, kind, mathsUrl)
      const calculate = async (operation: string, a: number, b: number): Promise<unknown> =>
        (await maths.callTool(operation, { a, b }))['structuredContent']

      t.same((await echo.listTools()).map(({ name }) => name), ['echo'])
      t.equal(textOf(await echo.callTool('echo', { message: 'Grüße' })), 'Grüße')
      t.match(await echo.readResource('echo://hello%20there'), { contents: [{ text: 'hello there' }] })
      t.match(await echo.getPrompt('echo', { message: 'Hi' }), {
        messages: [{ content: { text: 'Say this back, word by word: Hi' } }]
      })
      t.same(
        await Promise.all(['add', 'subtract', 'multiply', 'divide', 'power'].map((name) => calculate(name, 6, 3))),
        [9, 3, 18, 2, 216].map((result) => ({ result }))
      )
      t.match(await maths.callTool('divide', { a: 1, b: 0 }), {
        isError: true,
        content: [{ text: 'The result of divide for 1 and 0 is no finite number' }]
      })
    }
  })
})
