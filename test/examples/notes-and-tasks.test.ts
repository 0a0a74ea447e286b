import { join } from 'node:path'
import t, { type Test } from 'tap'
import { clientKinds, failureOf, v1, type Answer, type ClientKind, type OfficialClient } from '../support/clients.ts'
import { readmeCommands, root } from '../docs/code.ts'
import { LOADER, run, runInShell, type Running } from '../support/child.ts'

// Two databases are made, each in seconds, and all tests use them; a busy machine may need longer.
t.setTimeout(180_000)

// As npx would run it.
const PROGRAM = [process.execPath, ...LOADER, join(root, 'lib/cli.ts')].map((part) => `'${part}'`).join(' ')

interface Example { readonly origin: string, readonly running: Running, readonly curls: readonly string[] }

async function startExample (t: Test, dataDir: string): Promise<Example> {
  const running = await run(t, 'examples/notes-and-tasks.ts', {
    env: { PORT: '0', DATA_DIR: dataDir },
    until: { line: /^curl /, times: 2 }
  })
  const origin = running.lines
    .map((line) => /^MCP endpoint (http:\/\/127\.0\.0\.1:\d+)\/notes\/mcp$/.exec(line)?.[1])
    .find((found) => found !== undefined)
  if (origin === undefined) throw new Error('the example printed no endpoint')
  return { origin, running, curls: running.lines.filter((line) => line.startsWith('curl ')) }
}

async function connect (t: Test, kind: ClientKind, url: string): Promise<OfficialClient> {
  const client = await kind.connect(url)
  t.teardown(() => client.close())
  return client
}

function textOf ({ content }: Answer): Array<string | undefined> {
  return (content as Array<{ text?: string }>).map(({ text }) => text)
}

t.test('the example serves', async (t) => {
  const dataDir = t.testdir()
  const { origin, curls, running } = await startExample(t, dataDir)

  await t.test('its own pages beside the servers', async (t) => {
    const page = await fetch(origin)
    const health = await fetch(`${origin}/health`)

    t.match(page.headers.get('content-type'), 'text/html')
    t.match(await page.text(), `${origin}/tasks/mcp`)
    t.match(await health.json(), {
      status: 'ok',
      mounts: {
        Notes: { sessions: 0, exchanges: 0, streams: 0, outcomes: { ok: 0, tool_error: 0 } },
        Tasks: { sessions: 0, exchanges: 0, streams: 0, outcomes: { ok: 0, tool_error: 0 } }
      }
    })
  })

  await t.test('the curl lines that it prints', async (t) => {
    const lists = await Promise.all(
      curls.map(async (line) => JSON.parse(await runInShell(line)) as { result: { tools: Array<{ name: string }> } })
    )

    t.same(lists.map(({ result }) => result.tools.map(({ name }) => name)), [
      ['add_note', 'search_notes', 'delete_note'],
      ['add_task', 'list_tasks', 'complete_tasks']
    ])
  })

  await t.test('the commands of the README for clients', async (t) => {
    const endpoints = running.lines.flatMap((line) => /^MCP endpoint (\S+)$/.exec(line)?.[1] ?? [])
    const urls = readmeCommands.flatMap((command) => /http:\/\/127\.0\.0\.1:8000\S*/.exec(command)?.[0] ?? [])
    const [inspect = ''] = readmeCommands.filter((command) => command.startsWith('npx fastify-mcp-mount inspect'))

    const answer = await runInShell(
      inspect.replace('npx fastify-mcp-mount', PROGRAM).replace('http://127.0.0.1:8000', origin)
    )

    t.ok(urls.length >= 3)
    t.same(urls.filter((url) => !endpoints.includes(url.replace('http://127.0.0.1:8000', origin))), [])
    t.match(answer, /^Notes \d[^]*^ {2}add_note /m)
  })

  for (const kind of clientKinds) {
    const topic = kind.title.replace(/\W+/g, ' ')

    await t.test(`notes to ${kind.title}`, async (t) => {
      const client = await connect(t, kind, `${origin}/notes/mcp`)

      const added = await client.callTool('add_note', { text: `Seen by ${topic}`, topic })

      const [said, { uri = '' } = {}] = added['content'] as Array<{ uri?: string }>
      const id = uri.replace(/.*\//, '')
      t.match(said, { type: 'text', text: `Saved note ${id} as ${uri}` })
      t.equal(uri, `note://${encodeURIComponent(topic)}/${id}`)
      t.same(await client.listResources(), [
        { uri, name: `Note ${id}`, description: 'One note', mimeType: 'text/plain' }
      ])
      t.match(await client.readResource(uri), { contents: [{ uri, mimeType: 'text/plain', text: `Seen by ${topic}` }] })
      t.match(await failureOf(client.readResource('note://nothing/0')), { message: /Resource not found/ })

      t.match(
        await client.complete(
          { type: 'ref/resource', uri: 'note://{topic}/{id}' },
          { name: 'topic', value: topic.slice(0, 3) }
        ),
        { completion: { values: [topic] } }
      )
      t.match(
        await client.complete(
          { type: 'ref/resource', uri: 'note://{topic}/{id}' },
          { name: 'id', value: '' },
          { topic }
        ),
        { completion: { values: [id] } }
      )
      t.match(await client.complete({ type: 'ref/prompt', name: 'summarize' }, { name: 'topic', value: 'the' }), {
        completion: { values: [topic] }
      })
      t.match(await client.getPrompt('summarize', { topic }), {
        messages: [
          { role: 'user', content: { type: 'text', text: `Summarize these notes on ${topic}:\n- Seen by ${topic}` } }
        ]
      })

      t.same(textOf(await client.callTool('delete_note', { id: Number(id) })), [`Deleted note ${id}`])
      t.match(await client.callTool('delete_note', { id: Number(id) }), {
        isError: true,
        content: [{ text: /search_notes shows the numbers/ }]
      })
      t.same(textOf(await client.callTool('search_notes')), ['No note contains that'])
    })

    await t.test(`tasks to ${kind.title}`, async (t) => {
      const client = await connect(t, kind, `${origin}/tasks/mcp`)
      const progress: object[] = []

      const added = await client.callTool('add_task', { title: topic })
      const { id } = added['structuredContent'] as { id: number }
      const completed = await client.callTool(
        'complete_tasks',
        { ids: [id, 1000] },
        { onprogress: (step) => progress.push(step) }
      )
      const { tasks } = (await client.callTool('list_tasks'))['structuredContent'] as { tasks: object[] }

      t.same(added['structuredContent'], { id, title: topic, done: false })
      t.same(completed['structuredContent'], { completed: [id] })
      t.match(progress, [
        { progress: 1, total: 2, message: `Task ${id}` },
        { progress: 2, total: 2, message: 'Task 1000' }
      ])
      t.same(tasks.at(-1), { id, title: topic, done: true })
    })
  }
  await t.test('what is saved outlives the process, which a signal ends properly', async (t) => {
    const notes = await connect(t, v1, `${origin}/notes/mcp`)
    const added = await notes.callTool('add_note', { text: 'Ask for the weather', topic: 'travel' })
    const tasks = await connect(t, v1, `${origin}/tasks/mcp`)
    await tasks.callTool('add_task', { title: 'Pack' })
    const saved = await tasks.callTool('list_tasks')

    const ending = await running.stop('SIGTERM')
    const second = await startExample(t, dataDir)
    const notesAgain = await connect(t, v1, `${second.origin}/notes/mcp`)
    const tasksAgain = await connect(t, v1, `${second.origin}/tasks/mcp`)

    t.same(ending, { code: 0, signal: null })
    const [, id] = /^Saved note (\d+) /.exec(textOf(added)[0] ?? '') ?? []
    t.same(textOf(await notesAgain.callTool('search_notes', { text: 'weather' })), [`${id} (travel): Ask for the weather`])
    t.match((saved['structuredContent'] as { tasks: object[] }).tasks.at(-1), { title: 'Pack', done: false })
    t.same((await tasksAgain.callTool('list_tasks'))['structuredContent'], saved['structuredContent'])
    t.same(await second.running.stop('SIGINT'), { code: 0, signal: null })
  })
})
