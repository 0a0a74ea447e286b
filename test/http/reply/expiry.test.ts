import { EventEmitter } from 'node:events'
import t, { type Test } from 'tap'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { resolveAuth } from '../../../lib/auth/auth-options.ts'
import { Authenticator } from '../../../lib/auth/authenticator.ts'
import { createAuthHook, prepareRequests } from '../../../lib/http/guard/auth-hook.ts'
import { Expiry } from '../../../lib/http/reply/expiry.ts'
import { createHost } from '../../support/app.ts'
import { stopClock } from '../../support/definition-client.ts'

/** As much of a reply as is looked at. */
interface Replied { readonly request: FastifyRequest, readonly raw: EventEmitter }

/** Replies to requests whose tokens expire at seconds. */
async function createReplies (t: Test, expiring: ReadonlyArray<number | undefined>) {
  const { app } = createHost(t)
  const found: Replied[] = []
  const infos = expiring.map((expiresAt) => ({
    token: '',
    clientId: 'app',
    scopes: [],
    ...(expiresAt !== undefined && { expiresAt })
  }))
  prepareRequests(app)
  const authenticator = new Authenticator(
    resolveAuth({ authenticate: () => infos[found.length] }), undefined, () => -Infinity
  )
  app.addHook('onRequest', createAuthHook(authenticator, { isExempt: () => false, refuse: () => {}, log: false }))
  app.get('/', async (request) => { found.push({ request, raw: new EventEmitter() }) })
  for (let count = 0; count < expiring.length; count++) await app.inject('/')
  return found.map((reply) => ({ reply: reply as unknown as FastifyReply, leave: () => reply.raw.emit('close') }))
}

t.test('one timer ends all streams of a mount, each at its time', async (t) => {
  const replies = await createReplies(t, [30, 10, 10, 4_000_000, -5, undefined, 10, 20])
  const pass = stopClock(t)
  const expiry = new Expiry()
  const ended: number[] = []
  for (const [index, { reply }] of replies.entries()) expiry.watch(reply, () => ended.push(index))
  for (const { leave } of replies.slice(6)) leave()
  replies[7]?.leave()

  t.equal(expiry.size, 5)
  pass(1)
  t.same(ended, [4])
  pass(9999)
  t.same(ended, [4, 1, 2])
  pass(20_000)
  t.same(ended, [4, 1, 2, 0])
  pass(2 ** 31)
  t.equal(expiry.size, 1)
  pass(4_000_000_000)
  t.same(ended, [4, 1, 2, 0, 3])
  t.equal(expiry.size, 0)
})

t.test('after stop() no stream is ended', async (t) => {
  const replies = await createReplies(t, [10])
  const pass = stopClock(t)
  const expiry = new Expiry()
  const ended: string[] = []
  for (const { reply } of replies) expiry.watch(reply, () => ended.push('ended'))

  expiry.stop()
  pass(20_000)

  t.same(ended, [])
  t.equal(expiry.size, 0)
})
