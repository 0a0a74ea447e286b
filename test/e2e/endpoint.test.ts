import t from 'tap'
import { clientKinds } from '../support/clients.ts'
import { connect, createEverything, listen } from '../support/everything.ts'

const endpoints = {
  'the default path': [{}, '/mcp'],
  'the default path with a trailing slash': [{}, '/mcp/'],
  'a prefix': [{ prefix: '/notes' }, '/notes/mcp'],
  'a prefix, with a trailing slash': [{ prefix: '/notes' }, '/notes/mcp/'],
  'a prefix that is the endpoint': [{ prefix: '/notes', path: '/' }, '/notes'],
  'a prefix that is the endpoint, with a trailing slash': [{ prefix: '/notes', path: '/' }, '/notes/'],
  'the root': [{ path: '/' }, '/'],
  'a path given with a trailing slash': [{ path: '/rpc/' }, '/rpc'],
  'a query': [{}, '/mcp?tenant=7']
} as const

for (const kind of clientKinds) {
  for (const [title, [options, path]] of Object.entries(endpoints)) {
    t.test(`${kind.title} is served at ${title} and never redirected`, async (t) => {
      const app = await listen(t, { server: createEverything(), ...options })
      const client = await connect(t, kind, new URL(path, app.listeningOrigin).href)

      const answer = await client.callTool('greet', { name: 'Ada' })

      t.match(answer, { content: [{ text: 'Hello, Ada!' }] })
      t.ok(client.recorded.length > 1)
      t.ok(client.recorded.every(({ status, redirected }) => !redirected && (status === 200 || status === 202)))
    })
  }

  t.test(`${kind.title} uses two mounts of one app independently`, async (t) => {
    const server = createEverything()
    const app = await listen(t, { server, prefix: '/a', name: 'a' }, { server, prefix: '/b', name: 'b' })
    const [a, b] = [await connect(t, kind, app.mcp.get('a').url), await connect(t, kind, app.mcp.get('b').url)]

    const answers = await Promise.all([a.callTool('greet', { name: 'A' }), b.callTool('greet', { name: 'B' })])

    t.match(answers, [{ content: [{ text: 'Hello, A!' }] }, { content: [{ text: 'Hello, B!' }] }])
  })
}
