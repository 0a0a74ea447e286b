import t from 'tap'
import { clientKinds, failureOf, type Answer } from '../support/clients.ts'
import { connectToEverything, PIXEL } from '../support/everything.ts'

// Without what the modern era adds to every result.
function bodyOf ({ content, structuredContent, isError }: Answer): object {
  return {
    content,
    ...(structuredContent !== undefined && { structuredContent }),
    ...(isError !== undefined && { isError })
  }
}

for (const kind of clientKinds) {
  t.test(`${kind.title} calls a tool and gets its text, with defaults for what it left out`, async (t) => {
    const client = await connectToEverything(t, kind)

    const once = await client.callTool('greet', { name: 'Ada' })
    const twice = await client.callTool('greet', { name: 'Ädä', times: 2 })

    t.strictSame(bodyOf(once), { content: [{ type: 'text', text: 'Hello, Ada!' }] })
    t.strictSame(bodyOf(twice), { content: [{ type: 'text', text: 'Hello, Ädä!Hello, Ädä!' }] })
  })

  t.test(`${kind.title} gets an image and a text from one tool`, async (t) => {
    const client = await connectToEverything(t, kind)

    const answer = await client.callTool('draw')

    t.strictSame(bodyOf(answer), {
      content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }, { type: 'text', text: 'a red dot' }]
    })
  })

  t.test(`${kind.title} gets structured content that matches the output schema, and the same JSON as text`, async (t) => {
    const client = await connectToEverything(t, kind)
    // The clients check structured content against the list that they have seen.
    await client.listTools()

    const answer = await client.callTool('weather', { city: 'Bern' })

    t.strictSame(bodyOf(answer), {
      content: [{ type: 'text', text: '{"city":"Bern","celsius":21}' }],
      structuredContent: { city: 'Bern', celsius: 21 }
    })
  })

  t.test(`${kind.title} calls a tool whose output is an array`, async (t) => {
    const client = await connectToEverything(t, kind)
    await client.listTools()
    const cities = ['Aachen', 'Aarhus', 'Bergen', 'Berlin', 'Bern']

    const answer = await client.callTool('cities')

    t.strictSame(bodyOf(answer), {
      content: [{ type: 'text', text: JSON.stringify(cities) }],
      ...(kind.era === 'modern' && { structuredContent: cities })
    })
  })

  t.test(`${kind.title} gets an error result that names the wrong argument`, async (t) => {
    const client = await connectToEverything(t, kind)

    const wrong = await client.callTool('greet', { name: '', times: 1 })
    const missing = await client.callTool('weather', {})

    t.strictSame(bodyOf(wrong), {
      content: [
        { type: 'text', text: 'Invalid arguments for tool greet: /name must NOT have fewer than 1 characters' }
      ],
      isError: true
    })
    t.match(missing, { isError: true, content: [{ text: /^Invalid arguments for tool weather: \/city/ }] })
  })

  t.test(`${kind.title} gets the message of a ToolError, but not that of any other error`, async (t) => {
    const client = await connectToEverything(t, kind)

    const refused = await client.callTool('refuse')
    const broken = await client.callTool('break')

    t.strictSame(bodyOf(refused), {
      content: [{ type: 'text', text: 'The date must lie in the future' }],
      isError: true
    })
    t.match(broken, { isError: true, content: [{ text: /^Error executing tool break/ }] })
    t.notMatch(JSON.stringify(broken), /hunter2/)
  })

  t.test(`${kind.title} gets a protocol error for a tool that does not exist`, async (t) => {
    const client = await connectToEverything(t, kind)

    const failure = await failureOf(client.callTool('forget'))

    t.strictSame(failure, { code: -32602, message: 'Unknown tool: forget', data: undefined })
  })

  t.test(`${kind.title} calls a tool successfully after every kind of failure`, async (t) => {
    const client = await connectToEverything(t, kind)
    await client.callTool('refuse')
    await client.callTool('break')
    await failureOf(client.callTool('forget'))

    const answer = await client.callTool('greet', { name: 'Ada' })

    t.strictSame(bodyOf(answer), { content: [{ type: 'text', text: 'Hello, Ada!' }] })
  })
}
