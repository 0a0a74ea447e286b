import t from 'tap'
import type { FastifyBaseLogger } from 'fastify'
import type { AuthInfo, CallerFilter } from '../../../lib/index.ts'
import type { Note, Notes } from '../../../lib/oauth/revocation/notes.ts'
import { RevocationList } from '../../../lib/oauth/revocation/revocation-list.ts'
import { until } from '../../support/stream.ts'

const issuer = 'https://api.example.com'

function infoOf (subject: string, clientId: string, { ep, grantId }: { ep?: string, grantId?: string } = {}): AuthInfo {
  return { token: '', scopes: [], subject, clientId, ...(grantId !== undefined && { grantId }), extra: { ep } }
}

function createList (interval?: number) {
  const clock = { now: 0 }
  const written: Note[] = []
  const source: { next: readonly Note[] | Error, reads: number } = { next: [], reads: 0 }
  const notes: Notes = {
    append: async (note) => { written.push(note) },
    async read () {
      source.reads++
      if (source.next instanceof Error) throw source.next
      return source.next
    }
  }
  const logged: string[] = []
  // A list uses no other members.
  const log = {
    info: (text: string) => { logged.push(text) }, error: (_error: unknown, text: string) => { logged.push(text) }
  } as unknown as FastifyBaseLogger
  const list = new RevocationList({ issuer, notes, ttl: 1000, interval }, () => clock.now)
  return { clock, written, source, logged, log, list }
}

t.test('tokens of an earlier epoch, or of a grant, are revoked, and others are not', async (t) => {
  const { list } = createList()
  t.equal(list.isRevoked(infoOf('ann', 'app')), false)

  await list.add({ kind: 'subject', name: 'ann', epoch: 'e1' })
  await list.add({ kind: 'clientId', name: 'phone', epoch: 'e2' })
  await list.add({ kind: 'grantId', name: 'g1' })

  for (const [info, isRevoked] of [
    [infoOf('ann', 'app'), true],
    [infoOf('ann', 'app', { ep: 'e0.' }), true],
    [infoOf('ann', 'app', { ep: 'e1.' }), false],
    [infoOf('ann', 'phone', { ep: 'e1.' }), true],
    [infoOf('ann', 'phone', { ep: 'e1.e2' }), false],
    [infoOf('bob', 'phone'), true],
    [infoOf('bob', 'app'), false],
    [infoOf('bob', 'app', { grantId: 'g1' }), true],
    [infoOf('bob', 'app', { grantId: 'g2' }), false]
  ] as const) t.equal(list.isRevoked(info), isRevoked, JSON.stringify(info))
})

t.test('a withdrawal that spares sessions refuses tokens, and says that users must sign in again', async (t) => {
  const { list, written } = createList()
  const ended: unknown[] = []
  list.onRevoked((callers, extent) => ended.push([callers.subject, extent]))
  const note = { kind: 'subject', name: 'ann', epoch: 'e1', sparesSessions: true } as const
  await list.add(note)

  t.same(written, [note])
  t.equal(list.isRevoked(infoOf('ann', 'app')), true)
  t.equal(list.isRevoked(infoOf('ann', 'app', { ep: 'e1.' })), false)
  t.same(ended, [['ann', 'sign-in']])
})

t.test('each withdrawal is written and told once, until the tokens that it concerns have expired', async (t) => {
  const { list, clock, written, source, log } = createList(1)
  const told: CallerFilter[] = []
  const end = list.onRevoked((callers) => told.push(callers))
  const note = { kind: 'grantId', name: 'g1' } as const
  await list.add(note)
  await list.add(note)
  source.next = [note, { kind: 'subject', name: 'ann', epoch: 'e1' }]
  await list.start(log)
  end()
  await list.add({ kind: 'subject', name: 'ann', epoch: 'e2' })

  t.same(written, [note, { kind: 'subject', name: 'ann', epoch: 'e2' }])
  t.same(told, [{ issuer, grantId: 'g1' }, { issuer, subject: 'ann' }])
  t.equal(list.size, 2)
  source.next = []
  clock.now = 1000
  await until(() => list.size === 0)
  t.equal(list.isRevoked(infoOf('ann', 'app')), false)
  list.stop()
})

t.test('a store that cannot be read is logged once, and once that it can be again', async (t) => {
  const { list, source, logged, log } = createList(1)
  source.next = new Error('unreachable')
  await list.start(log)
  await until(() => source.reads > 2)
  source.next = [{ kind: 'grantId', name: 'g1' }]
  await until(() => list.size === 1)
  const { reads } = source
  await until(() => source.reads > reads)
  list.stop()

  t.match(logged, [/cannot be read: until it can, this process accepts/, /can be read again/])
  t.equal(logged.length, 2)
})

t.test('a list that has stopped reads no more, and one without other nodes never reads', async (t) => {
  const alone = createList()
  await alone.list.start(alone.log)
  const stopped = createList(1)
  stopped.list.stop()
  await stopped.list.start(stopped.log)

  t.equal(alone.source.reads, 0)
  await new Promise((resolve) => { setTimeout(resolve, 5) })
  t.equal(stopped.source.reads, 1)
})
