import t from 'tap'
import { RpcError } from '../../../lib/errors.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import type { ResourceReturn } from '../../../lib/server/features/resource.ts'
import { Client, complete, createNotes, createScoped, mustNotRun, refused, stopClock, untyped } from '../../support/definition-client.ts'

const READ_CACHE = { ttlMs: 0, cacheScope: 'private' }

function read (client: Client, server: ReturnType<typeof createNotes>, uri: unknown) {
  return client.ask(server, 'resources/read', { uri })
}

t.test('a resource is read by its URI', async (t) => {
  const server = createNotes()
  server.registerResource('all', 'notes://all', { mimeType: 'text/plain' }, (uri, ctx) => `${uri.href} ${ctx.method}`)
  const contents = [{ uri: 'notes://all', mimeType: 'text/plain', text: 'notes://all resources/read' }]

  t.strictSame(await read(new Client(), server, 'notes://all'), complete({ contents, ...READ_CACHE }))
  t.strictSame(await read(new Client({ era: 'legacy' }), server, 'notes://all'), { result: { contents } })
})

t.test('a resource may return text, bytes, contents, an array of contents or a whole result', async (t) => {
  const bytes = Uint8Array.from([0, 1, 2, 3]).subarray(1, 3)
  const returned: ReadonlyArray<readonly [returned: ResourceReturn, result: object]> = [
    ['', { contents: [{ uri: 'x://1', text: '' }] }],
    [bytes, { contents: [{ uri: 'x://1', blob: 'AQI=' }] }],
    [Buffer.from('a'), { contents: [{ uri: 'x://1', blob: 'YQ==' }] }],
    [{ text: 'a', mimeType: 'text/html' }, { contents: [{ uri: 'x://1', text: 'a', mimeType: 'text/html' }] }],
    [{ blob: 'AA==', uri: 'x://2' }, { contents: [{ uri: 'x://2', blob: 'AA==' }] }],
    [
      [{ text: 'a' }, { uri: 'x://2', text: 'b' }],
      { contents: [{ uri: 'x://1', text: 'a' }, { uri: 'x://2', text: 'b' }] }
    ],
    [[], { contents: [] }],
    [
      untyped<ResourceReturn>({ contents: [{ text: 'a' }], _meta: { b: 1 } }),
      { contents: [{ uri: 'x://1', text: 'a' }], _meta: { b: 1 } }
    ]
  ]

  for (const [value, result] of returned) {
    const server = createNotes()
    server.registerResource('one', 'x://1', {}, async () => value)

    t.strictSame(await read(new Client({ era: 'legacy' }), server, 'x://1'), { result })
  }
})

t.test('an invalid return value of a resource is logged and hidden from the client', async (t) => {
  for (const value of [undefined, 42, {}, { text: 1 }, [null], { contents: [{ mimeType: 'a' }] }]) {
    const client = new Client()
    const server = createNotes()
    server.registerResource('one', 'x://1', {}, () => untyped<string>(value))

    const answer = await read(client, server, 'x://1')

    t.strictSame(answer, refused(-32603, `Error reading resource x://1 (error id ${client.logged[0]?.errorId})`))
    t.match(client.logged[0]?.err?.message, "a resource must return text, bytes, or contents with 'text' or 'blob'")
  }
})

t.test('an RpcError of a resource is sent to the client, and any other error is an internal error', async (t) => {
  const server = createNotes()
  server.registerResource('rpc', 'x://rpc', {}, () => { throw new RpcError(7, 'No') })
  server.registerResource('bug', 'x://bug', {}, () => { throw new Error('secret') })
  const client = new Client()

  t.strictSame(await read(client, server, 'x://rpc'), refused(7, 'No'))
  const answer = await read(client, server, 'x://bug')
  t.strictSame(answer, refused(-32603, `Error reading resource x://bug (error id ${client.logged[0]?.errorId})`))
})

t.test('a resource that takes longer than the server\'s timeout ends with an error', async (t) => {
  const pass = stopClock(t)
  const server = createNotes({ timeout: 10 })
  server.registerResource('slow', 'x://slow', {}, () => new Promise<string>(() => {}))

  const answer = read(new Client(), server, 'x://slow')
  pass(10)

  t.strictSame(await answer, refused(-32603, 'Error reading resource x://slow: timed out after 10 ms'))
})

t.test('an unknown URI, or null from a handler, is a not-found error with the code of the era', async (t) => {
  const server = createNotes()
  server.registerResource('off', 'x://off', {}, () => 'a').disable()
  server.registerResource('gone', 'x://gone', {}, () => null)
  server.registerResource('t', new ResourceTemplate('t://{id}'), {}, () => 'a')

  for (const uri of ['x://none', 'x://off', 'x://gone', 't://', 'no uri', '']) {
    t.strictSame(await read(new Client(), server, uri), refused(-32602, 'Resource not found', { uri }))
    t.strictSame(await read(new Client({ era: 'legacy' }), server, uri), refused(-32002, 'Resource not found', { uri }))
  }
  for (const uri of [undefined, 1, null]) {
    t.strictSame(
      await read(new Client(), server, uri), refused(-32602, "Invalid params: resources/read needs 'uri', a string")
    )
  }
})

t.test('a template reads every matching URI that no resource and no earlier template serves', async (t) => {
  const server = createNotes()
  server.registerResource('note', new ResourceTemplate(
    'notes://{user}/{id}'
  ), { mimeType: 'text/plain' }, (uri, variables, ctx) =>
    `${uri.pathname} ${variables.user} ${variables.id} ${ctx.era}`)
  server.registerResource('any', new ResourceTemplate('notes://{+path}'), {}, () => 'any')
  server.registerResource('fixed', 'notes://ann/1', {}, () => 'fixed')
  const client = new Client({ era: 'legacy' })

  t.strictSame(await read(client, server, 'notes://ann/a%20b'), {
    result: { contents: [{ uri: 'notes://ann/a%20b', mimeType: 'text/plain', text: '/a%20b ann a b legacy' }] }
  })
  t.match(await read(client, server, 'notes://ann/1'), { result: { contents: [{ text: 'fixed' }] } })
  t.match(await read(client, server, 'notes://ann/1/2'), { result: { contents: [{ text: 'any' }] } })
})

t.test('a path traversal is not found by any template, and a warning is logged', async (t) => {
  const server = createNotes()
  server.registerResource('file', new ResourceTemplate('files://{name}'), {}, mustNotRun)
  server.registerResource('any', new ResourceTemplate('files://{+any}', { allowUnsafeValues: true }), {}, mustNotRun)
  const client = new Client()

  t.strictSame(
    await read(client, server, 'files://..%2fetc'), refused(-32602, 'Resource not found', { uri: 'files://..%2fetc' })
  )
  t.strictSame(client.logged, [{
    level: 'warn',
    uri: 'files://..%2fetc',
    variable: 'name',
    msg: "resource refused: the value of 'name' is a path traversal; " +
      "set 'allowUnsafeValues' of the template to accept it"
  }])
})

t.test('a handler reads other resources with the rights of its caller', async (t) => {
  const server = createNotes()
  server.registerResource('one', 'x://1', {}, (_uri, ctx) => ctx.era)
  server.registerTool('read', {}, async (args, ctx) => JSON.stringify(await ctx.readResource(String(args.uri))))
  const client = new Client({ era: 'legacy' })

  t.strictSame(await client.callTool(server, 'read', { uri: 'x://1' }), {
    result: { content: [{ type: 'text', text: '{"contents":[{"uri":"x://1","text":"legacy"}]}' }] }
  })
  t.strictSame(
    await client.callTool(server, 'read', { uri: 'x://2' }), refused(-32002, 'Resource not found', { uri: 'x://2' })
  )
})

t.test('contents have the cache hint of the resource, else of the server', async (t) => {
  const server = createNotes({ cache: { ttlMs: 5 } })
  server.registerResource('own', 'x://own', { cache: { ttlMs: 9, scope: 'public' } }, () => 'a')
  server.registerResource('server', new ResourceTemplate('y://{id}'), {}, () => 'a')

  t.match(await read(new Client(), server, 'x://own'), { result: { ttlMs: 9, cacheScope: 'public' } })
  t.match(await read(new Client(), server, 'y://1'), { result: { ttlMs: 5, cacheScope: 'private' } })
})

t.test('lists show every field of the configuration of resources and templates', async (t) => {
  const server = createNotes()
  const icons = [{ src: 'https://example.com/i.png' }]
  const listed = {
    title: 'T', description: 'D', mimeType: 'text/plain', size: 3, annotations: { priority: 1 }, icons, _meta: { a: 1 }
  }
  server.registerResource('one', 'x://1', { ...listed, cache: {} }, () => 'a')
  server.registerResource('two', new ResourceTemplate('y://{id}'), listed, () => 'a')
  const lists = { ttlMs: 0, cacheScope: 'public' }

  t.strictSame(await new Client().ask(server, 'resources/list'), complete({
    resources: [{ uri: 'x://1', name: 'one', ...listed }], ...lists
  }))
  t.strictSame(await new Client().ask(server, 'resources/templates/list'),
    complete({ resourceTemplates: [{ uriTemplate: 'y://{id}', name: 'two', ...listed }], ...lists }))
})

t.test('resources listed by templates follow the registered ones, without duplicates', async (t) => {
  const server = createNotes()
  server.registerResource('one', 'x://1', {}, () => 'a')
  const list = (ctx: { readonly era: string }) => ({
    resources: [{ uri: 'x://1', name: 'again' }, { uri: 'x://2', name: ctx.era }]
  })
  server.registerResource('x', new ResourceTemplate('x://{id}', { list }), { mimeType: 'text/plain' }, () => 'a')
  server.registerResource(
    'y',
    new ResourceTemplate('y://{id}', {
      list: async () => [{ uri: 'x://2', name: 'late' }, { uri: 'y://1', name: 'y1', title: 'Y' }]
    }),
    {},
    () => 'a'
  )
  server.registerResource('z', new ResourceTemplate('z://{id}'), {}, () => 'a')
  server.registerResource('none', new ResourceTemplate('n://{id}', { list: () => untyped(undefined) }), {}, () => 'a')
  const resources = (era: string) => [
    { uri: 'x://1', name: 'one' },
    { uri: 'x://2', name: era, mimeType: 'text/plain' },
    { uri: 'y://1', name: 'y1', title: 'Y' }
  ]

  t.strictSame(await new Client().ask(server, 'resources/list'), complete({
    resources: resources('modern'), ttlMs: 0, cacheScope: 'private'
  }))
  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'resources/list'), {
    result: { resources: resources('legacy') }
  })
})

t.test('a failing list of a template is logged and hidden from the client', async (t) => {
  const lists: ReadonlyArray<() => unknown> = [
    () => { throw new Error('secret') },
    () => 'x://1',
    () => ({ resources: 'x://1' }),
    () => [{ uri: 'x://1' }],
    () => [{ name: 'a' }],
    () => [null],
    () => ({})
  ]

  for (const list of lists) {
    const client = new Client()
    const server = createNotes()
    server.registerResource('x', new ResourceTemplate('x://{id}', { list: untyped<() => []>(list) }), {}, () => 'a')

    const answer = await client.ask(server, 'resources/list')

    t.strictSame(answer, refused(-32603, `Error listing resource template 'x://{id}' (error id ${client.logged[0]?.errorId})`))
  }
})

const LACKING = refused(6750, 'Insufficient scope: the request needs x', { requiredScopes: ['x'] })

t.test('a resource is read only by callers that see it and have its scopes', async (t) => {
  const server = createNotes()
  const handles = [
    server.registerResource(
      'one', 'notes://one', { scopes: ['x'], visible: ({ auth }) => auth !== undefined }, () => 'a'
    ),
    server.registerResource(
      'any', new ResourceTemplate('any://{id}'), { scopes: ['x'], visible: ({ auth }) => auth !== undefined }, () => 'a'
    )
  ]

  for (const uri of ['notes://one', 'any://one']) {
    t.match(await read(createScoped(['x']), server, uri), { result: { contents: [{ uri, text: 'a' }] } })
    t.strictSame(await read(createScoped(['y']), server, uri), LACKING)
    t.strictSame(await read(new Client(), server, uri), refused(-32602, 'Resource not found', { uri }))
    t.strictSame(await read(new Client({ era: 'legacy' }), server, uri), refused(-32002, 'Resource not found', { uri }))
  }
  for (const handle of handles) handle.update({ scopes: [], visible: () => true })
  for (const uri of ['notes://one', 'any://one']) {
    t.match(await read(new Client(), server, uri), { result: { contents: [{ uri, text: 'a' }] } })
  }
})

t.test('a hidden resource is skipped for a template that the caller sees', async (t) => {
  const server = createNotes()
  server.registerResource('one', 'notes://one', { visible: ({ auth }) => auth !== undefined }, () => 'one')
  server.registerResource(
    'first', new ResourceTemplate('notes://{id}'), { visible: ({ era }) => era === 'legacy' }, () => 'first'
  )
  server.registerResource('second', new ResourceTemplate('notes://{+path}'), {}, () => 'second')
  const texts = async (client: Client) => Promise.all(['notes://one', 'notes://two'].map(async (uri) => {
    const answer = await read(client, server, uri)
    return 'result' in answer && Object(answer.result).contents[0].text
  }))

  t.strictSame(await texts(createScoped([])), ['one', 'second'])
  t.strictSame(await texts(new Client()), ['second', 'second'])
  t.strictSame(await texts(new Client({ era: 'legacy' })), ['first', 'first'])
})

t.test('a path traversal in a hidden template is neither reported nor logged', async (t) => {
  const server = createNotes()
  server.registerResource(
    'file', new ResourceTemplate('file:///{name}'), { visible: ({ era }) => era === 'legacy' }, mustNotRun
  )
  const clients = [new Client(), new Client({ era: 'legacy' })]

  for (const client of clients) {
    t.match(await read(client, server, 'file:///..'), { error: { message: 'Resource not found' } })
  }

  t.strictSame(clients.map(({ logged }) => logged.length), [0, 1])
})

t.test('a handler cannot read a resource that its caller may not read', async (t) => {
  const server = createNotes()
  server.registerResource('hidden', 'notes://hidden', { visible: () => false }, () => 'a')
  server.registerResource('scoped', 'notes://scoped', { scopes: ['x'] }, () => 'a')
  server.registerTool(
    'read', {}, async ({ uri }, ctx) => (await ctx.readResource(String(uri))).contents.map(({ uri }) => uri).join()
  )

  t.strictSame(
    await new Client().callTool(server, 'read', { uri: 'notes://hidden' }),
    refused(-32602, 'Resource not found', { uri: 'notes://hidden' })
  )
  t.strictSame(await new Client().callTool(server, 'read', { uri: 'notes://scoped' }), LACKING)
  t.match(await createScoped(['x']).callTool(server, 'read', { uri: 'notes://scoped' }), {
    result: { content: [{ text: 'notes://scoped' }] }
  })
})

t.test('contents of restricted resources are private, even if their cache hint is public', async (t) => {
  const server = createNotes({ cache: { ttlMs: 5, scope: 'public' } })
  server.registerResource('scoped', 'notes://scoped', { scopes: ['x'] }, () => 'a')
  server.registerResource(
    'own', 'notes://own', { visible: () => true, cache: { ttlMs: 7, scope: 'public' } }, () => 'a'
  )
  server.registerResource('all', 'notes://all', {}, () => 'a')
  server.registerResource('hidden', 'notes://hidden', { visible: () => false }, () => 'a')
  server.registerResource('any', new ResourceTemplate('notes://{id}'), {}, () => 'a')

  t.match(await read(createScoped(['x']), server, 'notes://scoped'), { result: { ttlMs: 5, cacheScope: 'private' } })
  t.match(await read(new Client(), server, 'notes://own'), { result: { ttlMs: 7, cacheScope: 'private' } })
  t.match(await read(new Client(), server, 'notes://hidden'), { result: { ttlMs: 5, cacheScope: 'private' } })
  for (const uri of ['notes://all', 'notes://any']) {
    t.match(await read(new Client(), server, uri), { result: { ttlMs: 5, cacheScope: 'public' } })
  }
})

t.test('a resource is read by every spelling of its URI, and listed with a valid URI', async (t) => {
  const server = createNotes()
  server.registerResource('menu', 'docs://shop/café', {}, ({ href }) => href)
  server.registerResource('manual', 'docs://shop/my docs', {}, ({ href }) => href)
  server.registerResource('home', 'HTTPS://Example.com', {}, ({ href }) => href)
  const client = new Client()
  const spellings = {
    'docs://shop/caf%C3%A9': [
      'docs://shop/café', 'docs://shop/caf%c3%a9', 'DOCS://shop/%63afé', 'docs://shop/x/../café',
      'docs://shop/./caf%C3%A9'
    ],
    'docs://shop/my%20docs': ['docs://shop/my docs', 'docs://shop/m%79%20docs'],
    'https://example.com/': ['https://example.com', 'HTTPS://EXAMPLE.com/', 'https://example.com:443']
  }

  const listed = await client.ask(server, 'resources/list')

  t.match(listed, {
    result: {
      resources: [{ uri: 'docs://shop/caf%C3%A9' }, { uri: 'docs://shop/my%20docs' }, { uri: 'HTTPS://Example.com' }]
    }
  })
  for (const [canonical, others] of Object.entries(spellings)) {
    for (const uri of [canonical, ...others]) {
      t.match(await read(client, server, uri), { result: { contents: [{ uri, text: canonical }] } }, uri)
    }
  }
  for (const uri of ['docs://shop/cafe', 'docs://shop%2Fcafé', 'docs://Shop/café', 'docs://shop/my+docs']) {
    t.match(await read(client, server, uri), { error: {} }, uri)
  }
})

t.test('resources listed by templates have valid URIs, once for all spellings', async (t) => {
  const server = createNotes()
  server.registerResource('menu', 'docs://shop/café', {}, mustNotRun)
  const list = () => ['docs://shop/caf%c3%a9', 'docs://shop/my docs', 'docs://shop/my%20docs', '100%', 'relative']
    .map((uri) => ({ uri, name: 'listed' }))
  server.registerResource('all', new ResourceTemplate('docs://shop/{name}', { list }), {}, mustNotRun)

  const listed = await new Client().ask(server, 'resources/list')

  t.match(listed, {
    result: {
      resources: ['docs://shop/caf%C3%A9', 'docs://shop/my%20docs', '100%', 'relative'].map((uri) => ({ uri }))
    }
  })
  t.equal('result' in listed && Object(listed.result).resources.length, 4)
})

t.test('a caller cannot read a restricted resource by any spelling of its URI', async (t) => {
  const server = createNotes()
  server.registerResource('salaries', 'files:///hr/salaries', { scopes: ['hr'] }, mustNotRun)
  server.registerResource('secret', new ResourceTemplate('files:///secret/{name}'), { scopes: ['secret'] }, mustNotRun)
  server.registerResource('any', new ResourceTemplate('files:///{+path}'), {}, () => 'any')

  t.match(await read(createScoped([]), server, 'files:///hr/other'), { result: { contents: [{ text: 'any' }] } })
  for (const uri of [
    'files:///hr/salaries', 'FILES:///hr/salaries', 'files:///hr/s%61laries', 'files:///hr/./salaries',
    'files:///%68r/%2e/salaries', 'files:///hr/x/../salaries', 'files:///secret/a', 'files:///./secret/a',
    'files:///%73ecret/a', 'files:///x/%2E%2e/secret/a'
  ]) {
    t.match(await read(createScoped([]), server, uri), { error: {} }, uri)
  }
})

t.test('a URI that is too long is refused, and a URI that is too long once encoded is not found', async (t) => {
  const server = createNotes()
  server.registerResource('any', new ResourceTemplate('notes://{+path}'), {}, () => 'any')

  t.strictSame(await read(new Client(), server, `notes://${'a'.repeat(8185)}`), refused(-32602, "Invalid params: 'uri' has more than 8192 characters"))
  t.match(await read(new Client(), server, `notes://${'é'.repeat(4000)}`), { error: { message: 'Resource not found' } })
  t.match(await read(new Client(), server, `notes://${'a'.repeat(8184)}`), { result: { contents: [{ text: 'any' }] } })
})
