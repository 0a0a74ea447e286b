import t from 'tap'
import { eventIdOf, parseEventId } from '../../../lib/session/stream/event-id.ts'

t.test('an event id is read back, and only in its own session', async (t) => {
  t.same(parseEventId(eventIdOf('s.1', 7), 's'), { streamId: 's.1', seq: 7 })
  t.same(parseEventId('s.1.7', 's'), { streamId: 's.1', seq: 7 })
  for (const wrong of [
    '',
    's',
    's.1',
    's.1.',
    's..1',
    's.1.x',
    's.1.-1',
    's.1.1.1',
    's.1.1e1',
    'r.1.7',
    '.1.7',
    `s.1.${'9'.repeat(16)}`,
    's.1.7 '
  ]) {
    t.equal(parseEventId(wrong, 's'), undefined, wrong)
  }
})

t.test('an event id that is spelled in any other way is refused', async (t) => {
  const numbers = [
    '+7',
    '-7',
    ' 7',
    '7\n',
    '0x7',
    '7e0',
    '7,0',
    '٧',
    '７',
    '７'.repeat(3),
    '1'.repeat(400),
    'Infinity',
    'NaN',
    ''
  ]
  const names = [
    '*',
    '?',
    '1:2',
    '{1}',
    '1}',
    '1/2',
    '..',
    '1%2e',
    '1\u0000',
    'ı',
    '\u212a',
    'x'.repeat(65),
    '__proto__',
    '1 2'
  ]
  const sessions = ['S', 's ', ' s', 's*', 's\u0000', '*', '{s}', 's:s', 'ſ', '%73']

  for (const seq of numbers) t.equal(parseEventId(`s.1.${seq}`, 's'), undefined, seq)
  for (const name of names) t.equal(parseEventId(`s.${name}.7`, 's'), undefined, name)
  for (const session of sessions) t.equal(parseEventId(`${session}.1.7`, 's'), undefined, session)
})
