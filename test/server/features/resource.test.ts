import t from 'tap'
import { ResourceTemplate as OtherResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { Client, createNotes, untyped } from '../../support/definition-client.ts'

t.test('resources and templates can be updated, and an invalid update leaves them unchanged', async (t) => {
  const server = createNotes()
  const one = server.registerResource('one', 'x://1', { title: 'One' }, () => 'a')
  const many = server.registerResource('many', new ResourceTemplate('y://{id}'), {}, () => 'a')
  const client = new Client()

  t.throws(() => one.update({ cache: { ttlMs: -1 }, handler: () => 'b' }), { code: 'MCP_ERR_INVALID_DEFINITION' })
  t.throws(() => many.update({ cache: { ttlMs: -1 }, handler: () => 'b' }), { code: 'MCP_ERR_INVALID_DEFINITION' })
  t.match(await client.ask(server, 'resources/read', { uri: 'x://1' }), { result: { contents: [{ text: 'a' }] } })
  t.match(await client.ask(server, 'resources/read', { uri: 'y://1' }), { result: { contents: [{ text: 'a' }] } })

  one.update({ mimeType: 'text/plain' })
  many.update({ handler: (_uri, { id }) => `b${String(id)}` })
  t.match(await client.ask(server, 'resources/read', { uri: 'x://1' }), {
    result: { contents: [{ text: 'a', mimeType: 'text/plain' }] }
  })
  one.update({ handler: () => 'b' })
  many.update({ title: 'Many' })

  t.match(await client.ask(server, 'resources/read', { uri: 'x://1' }), { result: { contents: [{ text: 'b' }] } })
  t.match(await client.ask(server, 'resources/read', { uri: 'y://1' }), { result: { contents: [{ text: 'b1' }] } })
  t.match(await client.ask(server, 'resources/list'), {
    result: { resources: [{ name: 'one', title: 'One', mimeType: 'text/plain' }] }
  })
  t.match(await client.ask(server, 'resources/templates/list'), {
    result: { resourceTemplates: [{ name: 'many', title: 'Many' }] }
  })
})

t.test('an invalid resource or template is refused at registration', async (t) => {
  const server = createNotes()
  const template = new ResourceTemplate('x://{id}')
  const refusals: ReadonlyArray<readonly [register: () => unknown, message: string]> = [
    [
      () => server.registerResource('a', '/relative', {}, () => 'a'),
      "resource '/relative' needs an absolute URI, such as 'notes://all'"
    ],
    [() => server.registerResource('a', 'docs://100% sure', {}, () => 'a'),
      "resource 'docs://100% sure' needs a URI of well-formed Unicode, in which '%' is written as '%25'"],
    [
      () => server.registerResource('a', 'x:\ud800', {}, () => 'a'),
      "resource 'x:\ud800' needs a URI of well-formed Unicode, in which '%' is written as '%25'"
    ],
    [() => server.registerResource('a', `x:${'é'.repeat(1366)}`, {}, () => 'a'), `resource 'x:${'é'.repeat(1366)}' needs a URI of at most 8192 characters`],
    [
      () => server.registerResource('', 'x://1', {}, () => 'a'),
      "resource 'x://1' needs a name: a string that is not empty"
    ],
    [
      () => server.registerResource('a', 'x://1', {}, untyped<() => string>(1)),
      "resource 'x://1' needs a handler: a function"
    ],
    [() => server.registerResource('a', 'x://1', { cache: { ttlMs: 0.5 } }, () => 'a'),
      "resource 'x://1' has a 'cache' that must have as 'ttlMs' a whole number of milliseconds from 0"],
    [
      () => server.registerResource('a', new ResourceTemplate('{id}'), {}, () => 'a'),
      "resource template '{id}' must begin with a scheme, such as 'notes:'"
    ],
    [
      () => server.registerResource(untyped<string>(1), template, {}, () => 'a'),
      "resource template 'x://{id}' needs a name: a string that is not empty"
    ],
    [() => server.registerResource(
      'a', untyped<ResourceTemplate>(new OtherResourceTemplate('x://{id}', { list: undefined })), {}, () => 'a'
    ),
    "resource 'a' needs as its address a string or a ResourceTemplate of this package"],
    [() => server.registerResource('a', untyped<string>(null), {}, () => 'a'),
      "resource 'a' needs as its address a string or a ResourceTemplate of this package"]
  ]

  for (const [register, message] of refusals) t.throws(register, { code: 'MCP_ERR_INVALID_DEFINITION', message })
  server.registerResource('a', 'x://1', {}, () => 'a')
  server.registerResource('b', template, {}, () => 'a')
  t.throws(() => server.registerResource('c', 'x://1', {}, () => 'a'), {
    code: 'MCP_ERR_DUPLICATE_DEFINITION', message: /^resource 'x:\/\/1' is already/
  })
  t.throws(() => server.registerResource('c', template, {}, () => 'a'), { code: 'MCP_ERR_DUPLICATE_DEFINITION' })
  t.throws(() => server.registerResource('c', 'X://%31', {}, () => 'a'), {
    code: 'MCP_ERR_DUPLICATE_DEFINITION', message: /^resource 'X:\/\/%31' is already/
  })
  t.throws(() => server.registerResource('c', new ResourceTemplate('X://{id}'), {}, () => 'a'), {
    code: 'MCP_ERR_DUPLICATE_DEFINITION'
  })
})
