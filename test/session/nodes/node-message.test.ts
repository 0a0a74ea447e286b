import t from 'tap'
import { encodeNodeMessage, parseNodeMessage, type Envelope } from '../../../lib/session/nodes/node-message.ts'

const FROM = { from: 'a', sessionId: 's' }

/** One message of each kind. */
const MESSAGES: readonly Envelope[] = [
  {
    kind: 'changed',
    events: [{ kind: 'tools' }, { kind: 'prompts' }, { kind: 'resources' }, { kind: 'resource', uri: 'notes://a' }],
    from: 'a'
  },
  { kind: 'answered', id: 'ask-a-1', answer: { result: { roots: [] } }, ...FROM, receipt: 'r' },
  { kind: 'awaited', requestId: 1, ...FROM, receipt: 'r' },
  { kind: 'cancelled', requestId: 1, reason: 'enough', ...FROM },
  { kind: 'notified', method: 'notifications/roots/list_changed', params: {}, ...FROM },
  { kind: 'ended', reason: 'deleted', ...FROM },
  { kind: 'ended', reason: 'refused', ...FROM },
  { kind: 'ended', reason: 'displaced', ...FROM },
  { kind: 'ended', reason: 'ended', why: 'left', ...FROM },
  { kind: 'ended', reason: 'revoked', ...FROM },
  { kind: 'taken', streamId: 's.a-1', turn: 2, ...FROM },
  { kind: 'handed', ...FROM },
  { kind: 'paused', ...FROM },
  { kind: 'watched', uri: 'notes://a', watches: false, ...FROM },
  { kind: 'received', receipt: 'r', from: 'a' },
  { kind: 'received', receipt: 'r', count: 0, from: 'a' },
  { kind: 'usage', sessionIds: ['s', 't'], from: 'a', receipt: 'r' },
  { kind: 'received', receipt: 'r', counts: [1, 0], from: 'a' },
  {
    kind: 'serves',
    description: {
      host: 'pod-1',
      pid: 7,
      version: '1.0.0',
      digest: 'x',
      entries: { "tool 'hello'": 'y' },
      keys: { requestState: [['k']], tokens: [[]] }
    },
    asks: true,
    from: 'a'
  },
  { kind: 'leaves', from: 'a' }
]

t.test('each kind of message is parsed as it was written', (t) => {
  for (const message of MESSAGES) t.same(parseNodeMessage(encodeNodeMessage(message)), message, message.kind)
  t.end()
})

t.test('a message with a missing or wrong member is refused', (t) => {
  for (const message of MESSAGES) {
    for (const name of Object.keys(message)) {
      for (const value of [undefined, null, {}, [], 1.5]) {
        // An object may be the parameters of a notification, or an answer without a result.
        if (JSON.stringify(value) === '{}' && (name === 'params' || name === 'answer')) continue
        // The confirmation of most messages has no answer.
        if (value === undefined && name === 'count') continue
        if (value === undefined && (name === 'counts' || name === 'why')) continue
        // An empty list of sessions is one, and so is one of numbers.
        if (JSON.stringify(value) === '[]' && (name === 'counts' || name === 'sessionIds')) continue
        // An empty list of changes is one, and a receipt need not be asked for.
        if (Array.isArray(value) && name === 'events') continue
        if (value === undefined && name === 'receipt' && message.kind !== 'received') continue
        t.type(
          parseNodeMessage(JSON.stringify({ ...message, [name]: value })),
          'string',
          `${message.kind}: ${name} is ${JSON.stringify(value)}`
        )
      }
    }
  }
  t.end()
})

t.test('the problem is described, and foreign text in it is short', (t) => {
  const problemOf = (message: unknown): unknown =>
    parseNodeMessage(typeof message === 'string' ? message : JSON.stringify(message))

  t.equal(problemOf('{'), 'it is not a message of a node')
  t.equal(problemOf([MESSAGES[0]]), 'it is not a message of a node')
  t.equal(problemOf({ kind: 'toString', from: 'a' }), 'its kind is unknown: "toString"')
  t.equal(problemOf({ kind: 'x'.repeat(1_000_000), from: 'a' }), `its kind is unknown: "${'x'.repeat(40)}"`)
  t.equal(problemOf({ kind: 7, from: 'a' }), 'its kind is unknown: a value of type number')
  const problem = "a member of its kind 'taken' is missing or has the wrong type"
  t.equal(problemOf({ kind: 'taken', from: 'a', sessionId: 's' }), problem)
  t.end()
})

t.test('unknown kinds of changes are left out, and the others are kept', (t) => {
  const events = [{ kind: 'tools' }, { kind: 'weather' }, { kind: 'resource' }, null, 'prompts', { kind: 'prompts' }]

  t.match(parseNodeMessage(JSON.stringify({ kind: 'changed', events, from: 'a' })), {
    events: [{ kind: 'tools' }, { kind: 'prompts' }]
  })
  t.end()
})
