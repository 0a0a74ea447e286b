import { EventEmitter } from 'node:events'
import t from 'tap'
import type { FastifyReply } from 'fastify'
import { Withdrawal } from '../../../lib/http/reply/withdrawal.ts'

t.test('a stream whose caller is unknown is not watched', (t) => {
  const withdrawal = new Withdrawal({ isRevoked: () => true, onRevoked: () => () => {} })
  // The caller is read from the request, and nothing else.
  const reply = { request: {}, raw: new EventEmitter() } as unknown as FastifyReply

  withdrawal.watch(reply, () => t.fail('it has no caller whose access could be withdrawn'))

  t.equal(withdrawal.size, 0)
  t.end()
})
