import t from 'tap'
import { encodeRecord, fieldOf, parseLevel, parseRecord, parseState } from '../../lib/redis/session-fields.ts'

const RECORD = { protocolVersion: '2025-11-25', client: { info: { name: 'c', version: '1' }, capabilities: { roots: {} } }, principal: 'ann', holder: '[null,"ann"]', logLevel: 'error' } as const

t.test('a record is read as it was written, with what is known of it alone', (t) => {
  t.same(parseRecord(encodeRecord(RECORD), 'error'), RECORD)
  t.same(parseRecord(JSON.stringify({ ...RECORD, client: { capabilities: {} }, principal: undefined, holder: undefined, admin: true }), 'error'), {
    protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'error'
  })
  t.end()
})

t.test('what is no record is none', (t) => {
  const wrong: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ['protocolVersion', undefined], ['protocolVersion', 1], ['client', null], ['client', {}], ['client', { capabilities: [] }],
    ['client', { capabilities: {}, info: 'c' }], ['client', { capabilities: {}, info: { name: 'c' } }], ['client', { capabilities: {}, info: { version: '1' } }],
    ['principal', null], ['principal', { sub: 'ann' }], ['holder', 1]
  ]

  for (const [name, value] of wrong) t.equal(parseRecord(JSON.stringify({ ...RECORD, [name]: value }), 'info'), undefined, `${name}: ${JSON.stringify(value)}`)
  for (const text of [null, undefined, '', '{', '1', '[]', 'null']) t.equal(parseRecord(text, 'info'), undefined, String(text))
  t.end()
})

t.test('a level that is none lets all messages through', (t) => {
  t.equal(parseLevel('critical'), 'critical')
  for (const level of [null, '', 'loud', '__proto__']) t.equal(parseLevel(level), 'debug')
  t.end()
})

t.test('of the state what cannot be read is left out, and told', (t) => {
  const unreadable: string[] = []
  const fields: Array<readonly [string, string]> = [
    [fieldOf({ kind: 'subscribe', topic: 'a', uri: 'notes://a' }), 'notes://a'], [fieldOf({ kind: 'unsubscribe', topic: '__proto__' }), '__proto__'],
    [fieldOf({ kind: 'begin', streamId: 's.n-1', ids: [] }), '[1,"two"]'],
    ...['', '{', '{}', '[null]', '[1.5]', '1'].map((ids, index) => [`c:s.n-${index + 2}`, ids] as const),
    ['g', 'n'], ['r', '{}'], ['x', 'of a newer version']
  ]

  t.same(parseState(fields, (what) => unreadable.push(what)), { subscriptions: ['notes://a', '__proto__'], listener: 'n', calls: new Map([['s.n-1', [1, 'two']]]) })
  t.same(unreadable, Array.from({ length: 6 }, () => 'the ids of the requests that a stream answers'))
  t.same(parseState([], () => {}), { subscriptions: [], listener: undefined, calls: new Map() })
  t.end()
})
