import t from 'tap'
import { Type } from '@sinclair/typebox'
import { z } from 'zod'
import { Client } from '../../support/definition-client.ts'

const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }

function answering (answer: unknown) {
  const client = new Client({ era: 'legacy', capabilities: ALL, answer: () => answer })
  return { client, ctx: client.createContext() }
}

t.test('the content of a form is validated and transformed by its schema', async (t) => {
  const withDefault = Type.Object({ name: Type.String(), age: Type.Integer({ default: 30 }) })
  const transforming = z.object({ name: z.string().trim() })
  const later = z.object({ name: z.string().refine(async (name) => name !== 'x') })

  t.strictSame(await answering({ action: 'accept', content: { name: 'Ann' } }).ctx.elicit('Who?', withDefault), {
    action: 'accept', content: { name: 'Ann', age: 30 }
  })
  t.strictSame(await answering({ action: 'accept', content: { name: ' Ann ' } }).ctx.elicit('Who?', transforming), {
    action: 'accept', content: { name: 'Ann' }
  })
  t.strictSame(await answering({ action: 'accept', content: { name: 'Ann' } }).ctx.elicit('Who?', later), {
    action: 'accept', content: { name: 'Ann' }
  })
  t.strictSame(await answering({ action: 'accept' }).ctx.elicit('Sure?', Type.Object({})), {
    action: 'accept', content: {}
  })
  await t.rejects(answering({ action: 'accept', content: { name: 'x' } }).ctx.elicit('Who?', later), { code: -32602 })
})

t.test('an answer that declines or cancels has no content', async (t) => {
  for (const action of ['decline', 'cancel']) {
    const { ctx } = answering({ action, content: { name: 'Ann' } })
    t.strictSame(await ctx.elicit('Who?', Type.Object({ name: Type.String() })), { action })
    t.strictSame(await ctx.elicitUrl('Pay', 'https://example.com'), { action })
  }
  t.strictSame(await answering({ action: 'accept', content: {} }).ctx.elicitUrl('Pay', 'https://example.com'), { action: 'accept' })
})

t.test('an unsupported form and an invalid URL throw in the handler', async (t) => {
  const { client, ctx } = answering({ action: 'accept' })

  await t.rejects(ctx.elicit('Who?', { type: 'string' }), { code: 'MCP_ERR_INVALID_SCHEMA' })
  await t.rejects(ctx.elicitUrl('Pay', '/pay'), { code: 'ERR_INVALID_URL' })
  t.strictSame(client.asked, [])
})

t.test('sample() and listRoots() resolve to the answer of the client', async (t) => {
  const message = { role: 'assistant', model: 'm', content: { type: 'text', text: 'a' }, stopReason: 'endTurn' }

  t.strictSame(await answering(message).ctx.sample({ messages: [], maxTokens: 1 }), message)
  t.strictSame(await answering({ roots: [{ uri: 'file:///a', name: 'A' }] }).ctx.listRoots(), [
    { uri: 'file:///a', name: 'A' }
  ])
})
