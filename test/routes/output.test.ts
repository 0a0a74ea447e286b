import fastify from 'fastify'
import t from 'tap'
import { createOutput, toResourceContents, toToolResult, type RouteOutput } from '../../lib/routes/output.ts'
import { KnownSchemas } from '../../lib/routes/route-schema.ts'
import type { RouteReply } from '../../lib/routes/send-route.ts'
import { TextResult } from '../../lib/server/call/result.ts'

const known = new KnownSchemas(fastify())
const binary = Buffer.from([0xff, 0xfe])
const output: RouteOutput = {
  schema: { type: 'object' },
  findProblem: (value) => value === undefined ? 'it is missing' : undefined
}

function createReply (status: number, body: Buffer | string = '', type?: string): RouteReply {
  const headers = type === undefined ? {} : { 'content-type': type }
  return { status, headers, body: Buffer.from(body), uri: 'http://localhost/a' }
}

t.test('only the schema of one object makes an output', async (t) => {
  const create = (reply: unknown): RouteOutput | undefined => createOutput({ response: { 200: reply } }, known)

  t.equal(create(true), undefined, 'a reply that may be anything')
  t.equal(create({ content: { 'text/plain': { schema: { type: 'object' } } } }), undefined, 'a reply that is no JSON')
  t.match(create({ type: 'object' })?.schema, { type: 'object' })
  t.throws(() => create('text'), { message: 'is no JSON Schema, TypeBox schema or Standard Schema' })
})

t.test('replies become the results of tools', async (t) => {
  const problems: string[] = []
  const toResult = (reply: RouteReply): unknown => {
    const result = toToolResult(reply, output, (problem) => problems.push(problem))
    return result instanceof TextResult ? result.toObject() : result
  }

  t.match(toResult(createReply(299)), { content: [{ type: 'text', text: 'Done (299)' }] })
  t.match(toResult(createReply(200, 'a')), { content: [{ type: 'text', text: 'a' }] })
  t.match(toResult(createReply(200, binary)), {
    content: [{
      type: 'resource',
      resource: { uri: 'http://localhost/a', mimeType: 'application/octet-stream', blob: binary.toString('base64') }
    }]
  })
  t.match(toResult(createReply(200, binary, 'image/png')), { content: [{ type: 'image', mimeType: 'image/png' }] })
  t.match(toResult(createReply(200, binary, 'audio/wav')), { content: [{ type: 'audio', mimeType: 'audio/wav' }] })
  t.same(toResult(createReply(200, '{', 'application/json')), { content: [{ type: 'text', text: '{' }] })
  t.same(problems, [...Array(5).fill('the reply is no JSON'), 'it is missing'])
})

t.test('replies that are no success become errors of tools', async (t) => {
  const fail = (reply: RouteReply): unknown => toToolResult(reply, undefined, () => {})

  t.throws(() => fail(createReply(302)), { message: '302 Found: the reply leads to nowhere, which was not requested' })
  t.throws(() => fail(createReply(499, '{', 'application/json')), { message: '499: {' })
  t.throws(() => fail(createReply(400, binary)), { message: '400 Bad Request' })
  t.throws(() => fail(createReply(503, 'secret')), { message: 'the route replied with status 503 Service Unavailable' })
})

t.test('replies become the contents of resources', async (t) => {
  t.same(toResourceContents(createReply(200, 'a')), { text: 'a' })
  t.same(toResourceContents(createReply(200, 'a', 'text/css; charset=utf-8')), { text: 'a', mimeType: 'text/css' })
  t.same(toResourceContents(createReply(200, binary)), { blob: binary.toString('base64') })
  t.equal(toResourceContents(createReply(410)), null)
  t.throws(() => toResourceContents(createReply(403)), { message: '403 Forbidden' })
  t.throws(() => toResourceContents(createReply(500)), { message: /status 500/ })
})
