import t from 'tap'
import { clientKinds, type Answer } from '../support/clients.ts'
import { until } from '../support/stream.ts'
import { stdioClientKinds } from '../support/stdio-clients.ts'
import { run } from '../support/child.ts'

// Each client starts a process; a busy machine may need longer.
t.setTimeout(120_000)

function textOf ({ content }: Answer): unknown {
  return Array.isArray(content) ? content.map((block: { text?: string }) => block.text).join('\n') : content
}

t.test('over HTTP the example serves', async (t) => {
  const running = await run(t, 'examples/both.ts', { env: { PORT: '0' }, until: { line: /^MCP endpoint /, times: 1 } })
  const url =
    running.lines.map((line) => /^MCP endpoint (.*)$/.exec(line)?.[1]).find((found) => found !== undefined) ?? ''

  for (const kind of clientKinds) {
    await t.test(kind.title, async (t) => {
      const client = await kind.connect(url, undefined, {
        elicit: () => ({ action: 'accept', content: { sure: true } })
      })
      t.teardown(() => client.close())

      t.equal(textOf(await client.callTool('add_note', { text: kind.title })), 'Saved as note 1')
      t.equal(textOf(await client.callTool('list_notes')), `1: ${kind.title}`, 'those before have cleared theirs')
      t.equal(textOf(await client.callTool('clear_notes')), 'All notes are deleted')
    })
  }
})

for (const kind of stdioClientKinds) {
  t.test(`on stdio the example serves ${kind.title}`, async (t) => {
    const client = await kind.connect(t, 'examples/both.ts', { args: ['--stdio'], answer: { sure: true } })

    t.same(await client.toolNames(), ['add_note', 'list_notes', 'clear_notes'])
    t.equal(await client.call('add_note', { text: 'Buy milk' }), 'Saved as note 1')
    t.equal(await client.call('list_notes'), '1: Buy milk')
    t.equal(await client.call('clear_notes'), 'All notes are deleted')
    await client.close()
    await until(() => client.errors.length === 2)

    t.same(client.errors.map((line) => JSON.parse(line).msg), ['notes are open', 'notes are closed'])
  })
}
