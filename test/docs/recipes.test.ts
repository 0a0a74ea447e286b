// docs/recipes.md, followed over real sockets with the official clients.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { legacy, modernCall, type Post } from '../support/app.ts'
import { blankAll } from '../blank.js'
import { run } from '../support/child.ts'
import { v1, v2Modern, type Answer, type OfficialClient } from '../support/clients.ts'
import { until } from '../support/stream.ts'
import { root } from './code.ts'

t.setTimeout(120_000)

const page = readFileSync(join(root, 'docs/recipes.md'), 'utf8')

/** The code of a recipe. */
function recipe (heading: string): string {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const [, code] = /^```ts\n([\s\S]*?)^```/m.exec(section) ?? []
  if (code === undefined) throw new Error(`docs/recipes.md has no code for '${heading}'`)
  return code
}

/** Runs an app as a process; returns where it listens. */
async function serve (t: Test, files: Parameters<Test['testdir']>[0]): Promise<string> {
  const directory = t.testdir(files)
  const { lines } = await run(t, join(directory, 'app.ts'), {
    cwd: directory, env: { FASTIFY_AUTOLOAD_TYPESCRIPT: '1' }, until: { line: /^listens at /, times: 1 }
  })
  return lines.at(-1)?.replace('listens at ', '') ?? ''
}

const LISTEN = "\nconsole.log('listens at ' + await app.listen({ host: '127.0.0.1', port: 0 }))\n"

function serveRecipe (t: Test, heading: string): Promise<string> {
  return serve(t, { 'app.ts': recipe(heading) + LISTEN })
}

function textOf ({ content }: Answer): string {
  return (content as ReadonlyArray<{ readonly text: string }>)[0]?.text ?? ''
}

/** Calls a tool as a modern client does. */
async function call (url: string, tool: string, headers: Record<string, string> = {}): Promise<Response> {
  const post = modernCall(tool, {}, { headers })
  return await fetch(url, { method: 'POST', headers: { ...post.headers }, body: post.payload })
}

t.test('limits per user: a caller beyond the limit gets 429 as a JSON-RPC error, and other callers are served', async (t) => {
  const url = `${await serveRecipe(t, 'Limits per user')}/mcp`
  const ann = { 'x-user': 'ann' }

  const answers = await Promise.all(Array.from({ length: 60 }, () => call(url, 'list_notes', ann)))
  const refused = await call(url, 'list_notes', ann)

  t.same(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.equal(refused.status, 429)
  t.match(refused.headers.get('retry-after'), /^\d+$/)
  t.match(await refused.json(), { jsonrpc: '2.0', error: { message: /Rate limit exceeded/ } })
  t.equal((await call(url, 'list_notes', { 'x-user': 'bob' })).status, 200)
  t.equal((await call(url, 'list_notes')).status, 401)
})

t.test('limits per tool: the model reads when to try again, and other tools are not limited', async (t) => {
  const url = `${await serveRecipe(t, 'Limits per tool')}/mcp`
  const [legacyClient, modernClient] = [await v1.connect(url), await v2Modern.connect(url)]
  const create = async (client: OfficialClient): Promise<string> => textOf(await client.callTool('create_report'))

  for (let count = 0; count < 5; count++) t.equal(await create(legacyClient), 'Created')
  for (const client of [legacyClient, modernClient]) {
    t.match(await create(client), /^Too many reports. Try again in \d+ seconds\.$/)
    t.equal(textOf(await client.callTool('list_reports')), 'None yet')
    await client.close()
  }
})

t.test('@fastify/jwt: a token of the app is accepted, any other gets 401 without metadata', async (t) => {
  const origin = await serveRecipe(t, '@fastify/jwt')
  const login = await fetch(`${origin}/login`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: 'ann' })
  })
  const { token } = await login.json() as { token: string }

  const accepted = await call(`${origin}/mcp`, 'who_am_i', { authorization: `Bearer ${token}` })
  const refused = await call(`${origin}/mcp`, 'who_am_i', { authorization: `Bearer ${token}x` })
  t.match(await accepted.json(), { result: { content: [{ text: 'You are ann' }] } })
  t.equal(refused.status, 401)
  t.notMatch(refused.headers.get('www-authenticate'), /resource_metadata/)
  t.equal((await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)).status, 404)
})

t.test('multi-tenant: each tenant has its notes, and nobody reads those of another one', async (t) => {
  const origin = await serveRecipe(t, 'Multi-tenant: /:tenant')
  const read = async (tenant: string, key: string): Promise<unknown> => {
    const response = await call(`${origin}/${tenant}/mcp`, 'list_notes', { 'x-api-key': key })
    return response.ok ? textOf((await response.json() as { result: Answer }).result) : response.status
  }

  t.equal(await read('acme', 'key-of-ann'), 'Buy anvils')
  t.equal(await read('umbrella', 'key-of-bob'), 'Wash hands')
  t.equal(await read('umbrella', 'key-of-ann'), 401)
  t.equal(await read('acme', 'unknown'), 401)
})

t.test('autoload: the endpoint is below the prefix of its file', async (t) => {
  const url = await serve(t, {
    plugins: { 'notes.ts': recipe('Autoload') },
    'app.ts': [
      "import autoload from '@fastify/autoload'",
      "import Fastify from 'fastify'",
      "import { join } from 'node:path'",
      'const app = Fastify()',
      /`(app\.register\(autoload, .*?)`/.exec(page)?.[1],
      LISTEN
    ].join('\n')
  })

  t.equal((await call(`${url}/notes/mcp`, 'list_notes')).status, 200)
})

t.test('audit log: what is served, what fails and what is refused is in it', async (t) => {
  const code = recipe('Audit log').replace('const audit: object[] = []', [
    'const audit: object[] = []',
    "audit.push = (entry) => { console.log('audit ' + JSON.stringify(entry)); return 1 }"
  ].join('\n'))
  const directory = t.testdir({ 'app.ts': code + LISTEN })
  const { lines } = await run(t, join(directory, 'app.ts'), {
    cwd: directory, until: { line: /^listens at /, times: 1 }
  })
  const url = `${lines.at(-1)?.replace('listens at ', '')}/mcp`
  const entries = (): object[] => lines.flatMap((line) => line.startsWith('audit ') ? [JSON.parse(line.slice(6))] : [])

  await call(url, 'list_notes')
  await call(url, 'unknown')
  await until(() => entries().length === 3)

  t.same(entries(), [
    { method: 'tools/call', tool: 'list_notes', outcome: 'ok' },
    { method: 'tools/call', tool: 'list_notes', address: '127.0.0.1', outcome: 'ok' },
    { method: 'tools/call', tool: 'unknown', address: '127.0.0.1', outcome: 'refused' }
  ])
})

interface Reply { readonly statusCode: number, readonly body: string }
interface Lambda { handler (event: object, context: object): Promise<Reply> }

t.test('AWS Lambda: the handler answers events of API Gateway, in both eras, for its host only', async (t) => {
  const host = 'example.execute-api.eu-central-1.amazonaws.com'
  const directory = t.testdir({ 'lambda.ts': recipe('AWS Lambda').replace('logger: true', 'logger: false') })
  await blankAll(directory)
  const { handler } = await import(join(directory, 'lambda.ts')) as Lambda
  const send = async ({ headers, payload }: Post, changes: object = {}): Promise<Reply> => await handler({
    version: '2.0',
    rawPath: '/mcp',
    rawQueryString: '',
    headers: { ...headers, host, ...changes },
    requestContext: { http: { method: 'POST', path: '/mcp' } },
    body: payload,
    isBase64Encoded: false
  }, {})

  for (const post of [modernCall('list_notes'), legacy('tools/call', { name: 'list_notes', arguments: {} })]) {
    const { statusCode, body } = await send(post)
    t.match([statusCode, JSON.parse(body)], [200, { result: { content: [{ text: 'Buy milk' }] } }])
  }
  t.equal((await send(modernCall('list_notes'), { host: 'evil.example' })).statusCode, 421)
})
