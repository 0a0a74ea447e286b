import t from 'tap'
import { Type } from '@sinclair/typebox'
import { toStandardJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { z } from 'zod'
import { RpcError } from '../../../lib/errors.ts'
import { completable, findCompleters, type Complete } from '../../../lib/server/features/completable.ts'
import { ResourceTemplate } from '../../../lib/server/features/template.ts'
import { Client, complete, createNotes, createScoped, refused, stopClock, untyped, type Params } from '../../support/definition-client.ts'

const LANGUAGES = ['python', 'pytorch', 'typescript']
const language = (typed: string): string[] => LANGUAGES.filter((name) => name.startsWith(typed))

function createCompleting (completer: Complete, options?: { timeout: number }) {
  const server = createNotes(options)
  server.registerPrompt(
    'review',
    { argsSchema: Type.Object({ language: completable(Type.String(), completer), style: Type.String() }) },
    () => 'a'
  )
  return server
}

function ask (client: Client, server: ReturnType<typeof createNotes>, argument: unknown, more: Params = {}) {
  return client.ask(server, 'completion/complete', { ref: { type: 'ref/prompt', name: 'review' }, argument, ...more })
}

t.test('the argument of a prompt is completed in both eras', async (t) => {
  const server = createCompleting(language)
  const completion = { values: ['python', 'pytorch'], total: 2, hasMore: false }

  t.strictSame(await ask(new Client(), server, { name: 'language', value: 'py' }), complete({ completion }))
  t.strictSame(await ask(new Client({ era: 'legacy' }), server, { name: 'language', value: 'py' }), {
    result: { completion }
  })
})

t.test('the variable of a template is completed', async (t) => {
  const server = createNotes()
  server.registerResource(
    'files',
    new ResourceTemplate('files://{language}', { complete: { language: async (typed) => language(typed) } }),
    {},
    () => 'a'
  )
  const ref = { type: 'ref/resource', uri: 'files://{language}' }

  t.strictSame(
    await new Client().ask(server, 'completion/complete', { ref, argument: { name: 'language', value: 't' } }),
    complete({ completion: { values: ['typescript'], total: 1, hasMore: false } })
  )
})

t.test('a completion has at most 100 values and the total', async (t) => {
  const values = Array.from({ length: 101 }, (_, index) => `v${index}`)

  t.strictSame(await ask(new Client(), createCompleting(() => values.slice(1)), { name: 'language', value: '' }),
    complete({ completion: { values: values.slice(1), total: 100, hasMore: false } }))
  t.strictSame(await ask(new Client(), createCompleting(() => values), { name: 'language', value: '' }),
    complete({ completion: { values: values.slice(0, 100), total: 101, hasMore: true } }))
})

t.test('an argument without a completer gets no suggestions', async (t) => {
  for (const name of ['style', 'none', '__proto__']) {
    t.strictSame(await ask(new Client(), createCompleting(language), { name, value: 'a' }), complete({
      completion: { values: [], hasMore: false }
    }))
  }
})

t.test('a completer gets the context and those arguments chosen before that are strings', async (t) => {
  const seen: unknown[] = []
  const methods: string[] = []
  const server = createCompleting((_typed, context, ctx) => {
    seen.push(context)
    methods.push(ctx.method)
    return []
  })
  const contexts = [{ arguments: { a: 'x', b: 1 } }, { arguments: null }, undefined, 'a']

  for (const context of contexts) await ask(new Client(), server, { name: 'language', value: '' }, { context })

  t.strictSame(seen, [{ arguments: { a: 'x' } }, { arguments: {} }, { arguments: {} }, { arguments: {} }])
  t.strictSame(new Set(methods), new Set(['completion/complete']))
})

t.test('a reference to an unknown prompt or template is refused', async (t) => {
  const server = createCompleting(language)
  server.registerPrompt('off', { argsSchema: Type.Object({}) }, () => 'a').disable()
  const refs = [
    {}, { type: 'ref/prompt' }, { type: 'ref/prompt', name: 'none' }, { type: 'ref/prompt', name: 'off' },
    { type: 'ref/prompt', name: ['review'] },
    { type: 'ref/prompt', name: { toString: 1 } }, { type: 'ref/resource', uri: 'files://{language}' },
    { type: 'ref/resource', uri: {} },
    { type: 'ref/tool', name: 'review' }
  ]

  for (const ref of refs) {
    const client = new Client()
    t.strictSame(await ask(client, server, { name: 'language', value: '' }, { ref }),
      refused(-32602, "Invalid params: 'ref' names no prompt and no resource template of this server"))
    t.strictSame(client.logged, [])
  }
})

t.test('a completion request without a reference, or with an incomplete argument, is refused', async (t) => {
  const server = createCompleting(language)
  const expected = refused(
    -32602, "Invalid params: completion/complete needs a 'ref' object and an 'argument' with a name and a value"
  )

  for (const argument of [
    undefined, null, 'a', {}, { name: 'language' }, { value: 'a' }, { name: 1, value: 'a' },
    { name: 'language', value: 1 }
  ]) {
    t.strictSame(await ask(new Client(), server, argument), expected)
  }
  t.strictSame(await ask(new Client(), server, { name: 'language', value: '' }, { ref: 'review' }), expected)
})

t.test('an error or invalid return value of a completer is logged and hidden from the client', async (t) => {
  const completers: readonly Complete[] = [
    () => { throw new Error('secret') }, async () => untyped([1]), () => untyped('python'), () => untyped(undefined)
  ]

  for (const completer of completers) {
    const client = new Client()
    const answer = await ask(client, createCompleting(completer), { name: 'language', value: '' })
    t.strictSame(answer, refused(-32603, `Error completing 'language' (error id ${client.logged[0]?.errorId})`))
  }
  t.strictSame(
    await ask(new Client(), createCompleting(() => { throw new RpcError(7, 'No') }), { name: 'language', value: '' }),
    refused(7, 'No')
  )
})

t.test('a completer that takes too long ends with an error', async (t) => {
  const pass = stopClock(t)
  const server = createCompleting(() => new Promise(() => {}), { timeout: 10 })

  const answer = ask(new Client(), server, { name: 'language', value: '' })
  pass(10)

  t.strictSame(await answer, refused(-32603, "Error completing 'language': timed out after 10 ms"))
})

t.test('completers are found in the schemas of every library, even inside an optional argument', async (t) => {
  const valibot = v.object({
    a: completable(v.string(), language),
    b: v.optional(v.nullable(completable(v.string(), language))),
    c: v.optional(v.string())
  })
  const schemas = {
    TypeBox: Type.Object({
      a: completable(Type.String(), language), b: Type.Optional(completable(Type.String(), language)), c: Type.String()
    }),
    'JSON Schema': {
      type: 'object',
      properties: {
        a: completable({ type: 'string' }, language), b: completable({ type: 'string' }, language), c: true
      }
    },
    zod: z.object({
      a: completable(z.string(), language),
      b: completable(z.string(), language).optional().describe('B'),
      c: z.string().optional()
    }),
    valibot: { ...valibot, ...toStandardJsonSchema(valibot) }
  }

  for (const [library, schema] of Object.entries(schemas)) {
    const found = findCompleters(schema)
    t.strictSame([...found.keys()].sort(), ['a', 'b'], library)
    t.ok([...found.values()].every((completer) => completer === language), library)
  }
  for (const schema of [undefined, 'a', {}, { properties: [] }]) t.equal(findCompleters(schema).size, 0)
})

t.test('a template is completed by every spelling of its address', async (t) => {
  const server = createNotes()
  server.registerResource(
    'docs', new ResourceTemplate('docs://café/{language}', { complete: { language } }), {}, () => 'a'
  )
  const about = (uri: string) => new Client().ask(server, 'completion/complete', {
    ref: { type: 'ref/resource', uri }, argument: { name: 'language', value: 'ty' }
  })

  for (const uri of ['docs://café/{language}', 'docs://caf%c3%a9/{language}', 'DOCS://caf%C3%A9/%7Blanguage%7D']) {
    t.match(await about(uri), { result: { completion: { values: ['typescript'] } } }, uri)
  }
  for (const uri of ['docs://cafe/{language}', 'docs://\ud800/{language}', `docs://café/{language}${'a'.repeat(8192)}`]) t.match(await about(uri), { error: { code: -32602 } })
})

t.test('completable returns the same schema', async (t) => {
  const schema = Type.String()

  t.equal(completable(schema, language), schema)
  t.equal(JSON.stringify(schema), '{"type":"string"}')
})

t.test('a hidden prompt or template is unknown, and a missing scope is refused', async (t) => {
  const server = createNotes()
  const argsSchema = Type.Object({ language: completable(Type.String(), language) })
  const template = (name: string) => new ResourceTemplate(`${name}://{language}`, { complete: { language } })
  for (const [name, config] of Object.entries({
    hidden: { visible: () => false, scopes: ['x'] }, scoped: { scopes: ['x'] }
  })) {
    server.registerPrompt(name, { argsSchema, ...config }, () => 'a')
    server.registerResource(name, template(name), config, () => 'a')
  }
  const about = (client: Client, ref: Params) => client.ask(server, 'completion/complete', {
    ref, argument: { name: 'language', value: 'ty' }
  })
  const unknown = refused(-32602, "Invalid params: 'ref' names no prompt and no resource template of this server")

  for (const ref of [{ type: 'ref/prompt', name: 'hidden' }, { type: 'ref/resource', uri: 'hidden://{language}' }]) {
    for (const client of [new Client(), createScoped(['x'])]) t.strictSame(await about(client, ref), unknown)
  }
  for (const ref of [{ type: 'ref/prompt', name: 'scoped' }, { type: 'ref/resource', uri: 'scoped://{language}' }]) {
    t.strictSame(
      await about(new Client(), ref),
      refused(6750, 'Insufficient scope: the request needs x', { requiredScopes: ['x'] })
    )
    t.match(await about(createScoped(['x']), ref), { result: { completion: { values: ['typescript'] } } })
  }
})
