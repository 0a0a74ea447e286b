import t from 'tap'
import { encodeRecord, fieldOf, parseLevel, parseRecord, parseState } from '../../lib/redis/session-fields.ts'

const RECORD = {
  protocolVersion: '2025-11-25',
  client: { info: { name: 'c', version: '1' }, capabilities: { roots: {} } },
  principal: 'ann',
  holder: '[null,"ann"]',
  logLevel: 'error',
  grantId: 'g1',
  openedAt: 1_700_000_000_000
} as const

t.test('a record is parsed as it was written, without unknown fields', (t) => {
  t.same(parseRecord(encodeRecord(RECORD), 'error'), RECORD)
  const absent = { principal: undefined, holder: undefined, grantId: undefined, openedAt: 'yesterday' }
  const other = { ...RECORD, client: { capabilities: {} }, ...absent, admin: true }
  t.same(parseRecord(JSON.stringify(other), 'error'), {
    protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'error'
  })
  t.end()
})

t.test('an invalid record is parsed to undefined', (t) => {
  const wrong: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ['protocolVersion', undefined],
    ['protocolVersion', 1],
    ['client', null],
    ['client', {}],
    ['client', { capabilities: [] }],
    ['client', { capabilities: {}, info: 'c' }],
    ['client', { capabilities: {}, info: { name: 'c' } }],
    ['client', { capabilities: {}, info: { version: '1' } }],
    ['principal', null], ['principal', { sub: 'ann' }], ['holder', 1], ['grantId', 1]
  ]

  for (const [name, value] of wrong) {
    t.equal(
      parseRecord(JSON.stringify({ ...RECORD, [name]: value }), 'info'),
      undefined,
      `${name}: ${JSON.stringify(value)}`
    )
  }
  for (const text of [null, undefined, '', '{', '1', '[]', 'null']) {
    t.equal(parseRecord(text, 'info'), undefined, String(text))
  }
  t.end()
})

t.test('an invalid log level becomes debug', (t) => {
  t.equal(parseLevel('critical'), 'critical')
  for (const level of [null, '', 'loud', '__proto__']) t.equal(parseLevel(level), 'debug')
  t.end()
})

t.test('unreadable parts of a state are left out and reported', (t) => {
  const unreadable: string[] = []
  const fields: Array<readonly [string, string]> = [
    [fieldOf({ kind: 'subscribe', topic: 'a', uri: 'notes://a' }), 'notes://a'],
    [fieldOf({ kind: 'unsubscribe', topic: '__proto__' }), '__proto__'],
    [fieldOf({ kind: 'begin', streamId: 's.n-1', ids: [] }), '[1,"two"]'],
    ...['', '{', '{}', '[null]', '[1.5]', '1'].map((ids, index) => [`c:s.n-${index + 2}`, ids] as const),
    ['g', 'n'], ['r', '{}'], ['x', 'of a newer version']
  ]

  t.same(
    parseState(fields, (what) => unreadable.push(what)),
    { subscriptions: ['notes://a', '__proto__'], listener: 'n', calls: new Map([['s.n-1', [1, 'two']]]) }
  )
  t.same(unreadable, Array.from({ length: 6 }, () => 'the ids of the requests that a stream answers'))
  t.same(parseState([], () => {}), { subscriptions: [], listener: undefined, calls: new Map() })
  t.end()
})
