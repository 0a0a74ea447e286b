import t from 'tap'
import { failureOf, v1, v2Legacy, v2Modern, type Answer, type OfficialClient } from '../support/clients.ts'
import { connectToEverything } from '../support/everything.ts'

// The client mirrors arguments of tools whose schema it has seen.
async function connectKnowingTools (t: Parameters<typeof connectToEverything>[0]): Promise<OfficialClient> {
  const client = await connectToEverything(t, v2Modern)
  await client.listTools()
  return client
}

function textOf ({ content }: Answer): unknown {
  const [block] = content as ReadonlyArray<{ readonly text: string }>
  return JSON.parse(block?.text ?? 'null')
}

const regions = {
  'no characters': { region: '', header: '=?base64??=' },
  'plain ASCII': { region: 'eu-west', header: 'eu-west' },
  'a space inside': { region: 'eu west', header: 'eu west' },
  'spaces around': { region: ' eu ', header: '=?base64?IGV1IA==?=' },
  'letters that are not ASCII': { region: 'Zürich', header: '=?base64?WsO8cmljaA==?=' },
  'letters outside the basic plane': { region: '🏔️', header: '=?base64?8J+PlO+4jw==?=' },
  'a line break': { region: 'a\r\nb', header: '=?base64?YQ0KYg==?=' },
  'what looks encoded': { region: '=?base64?YQ==?=', header: '=?base64?PT9iYXNlNjQ/WVE9PT89?=' }
}

for (const [title, { region, header }] of Object.entries(regions)) {
  t.test(`the client repeats an argument with ${title} in a header that the server accepts`, async (t) => {
    const client = await connectKnowingTools(t)

    const answer = await client.callTool('locate', { region })

    t.strictSame(textOf(answer), { region, header })
  })
}

t.test('the client repeats integers and booleans in headers, too', async (t) => {
  const client = await connectKnowingTools(t)

  const answer = await client.callTool('locate', { region: 'eu', zoom: -3, exact: false })

  const { headers } = client.recorded.at(-1) ?? {}
  t.strictSame(textOf(answer), { region: 'eu', zoom: -3, exact: false, header: 'eu' })
  t.equal(headers?.get('mcp-param-zoom'), '-3')
  t.equal(headers?.get('mcp-param-exact'), 'false')
})

t.test('a client that has not listed the tools gets 400, and repeats the call with the header', async (t) => {
  const client = await connectToEverything(t, v2Modern)

  const answer = await client.callTool('locate', { region: 'eu' })

  const calls = client.recorded.filter(({ headers }) => headers.get('mcp-method') === 'tools/call')
  t.strictSame(textOf(answer), { region: 'eu', header: 'eu' })
  t.strictSame(calls.map(({ status }) => status), [400, 200])
})

t.test('a wrong argument gets an error result, whether it is missing or in a header', async (t) => {
  const client = await connectKnowingTools(t)

  const missing = await client.callTool('locate', {})
  const wrong = await client.callTool('locate', { region: 7 })

  t.match(missing, { isError: true, content: [{ text: /region/ }] })
  t.match(wrong, { isError: true, content: [{ text: /region/ }] })
})

for (const kind of [v1, v2Legacy]) {
  t.test(`${kind.title} calls the same tool without any header`, async (t) => {
    const client = await connectToEverything(t, kind)
    await client.listTools()

    const answer = await client.callTool('locate', { region: 'Zürich' })

    t.strictSame(textOf(answer), { region: 'Zürich' })
  })
}

t.test('a tool and a prompt are found by names that must be encoded in a header', async (t) => {
  const client = await connectKnowingTools(t)

  const tool = await failureOf(client.callTool('größe'))
  const prompt = await failureOf(client.getPrompt('Übersetzung'))

  t.match(tool, { code: -32602, message: 'Unknown tool: größe' })
  t.match(prompt, { code: -32602, message: 'Unknown prompt: Übersetzung' })
})
