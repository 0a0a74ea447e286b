import t from 'tap'
import { McpServer } from '../../../lib/server/mcp-server.ts'
import { MAX_STATE_BYTES, StateSealer, toCanonicalJson, type RequestStateOptions, type StateBinding } from '../../../lib/server/call/request-state.ts'
import { Client, untyped } from '../../support/definition-client.ts'

const OLD = 'an old secret of thirty-two bytes'
const NEW = Buffer.alloc(32, 7)
const BINDING: StateBinding = {
  principal: 'ann', method: 'tools/call', target: 'pay', args: { amount: 5, to: { name: 'Bob', id: 1 } }
}
const STATE = { answers: { a: { action: 'accept' } }, own: [1, null] }
const REFUSAL = { name: 'RpcError', code: -32602, message: 'Invalid or expired requestState', data: undefined }

function open (sealer: StateSealer, text: unknown, binding = BINDING) {
  return sealer.open(text, binding, new Client().log)
}

t.test('a state of more than 1 MiB is refused with advice', async (t) => {
  const sealer = new StateSealer('Notes')

  t.doesNotThrow(() => sealer.seal({ note: 'x'.repeat(1_000_000) }, BINDING))
  t.throws(() => sealer.seal({ note: 'x'.repeat(MAX_STATE_BYTES) }, BINDING), new RangeError(
    'the requestState, with the answers so far, has more than 1048576 bytes; ' +
    'keep what is large, and put a key to it into the state'
  ))
})

t.test('a sealed state opens for the same call', async (t) => {
  const sealer = new StateSealer('Notes')
  const text = sealer.seal(STATE, BINDING)

  t.match(text, /^[\w-]+$/)
  t.strictSame(open(sealer, text), STATE)
  t.strictSame(open(sealer, text, { ...BINDING, args: { to: { id: 1, name: 'Bob' }, amount: 5 } }), STATE)
  t.not(sealer.seal(STATE, BINDING), text)
  t.notMatch(Buffer.from(text, 'base64url').toString('latin1'), 'accept')
})

t.test('a state with any changed bit, byte or character is refused', async (t) => {
  const sealer = new StateSealer('Notes', { keys: [OLD] })
  const text = sealer.seal(STATE, BINDING)
  const bytes = Buffer.from(text, 'base64url')
  const changed = [...bytes.keys()].flatMap((index) => [1, 128, 255].map((mask) => {
    const copy = Buffer.from(bytes)
    copy[index] = (copy[index] ?? 0) ^ mask
    return copy.toString('base64url')
  }))
  const characters = [...text]
    .map((character, index) => text.slice(0, index) + (character === 'A' ? 'B' : 'A') + text.slice(index + 1))
  const cut = [...text].map((_character, index) => text.slice(0, index))
  const begun = [...text].map((_character, index) => text.slice(index + 1))
  const longer = ['A', '=', '.', ' ', '\n', '-TAMPERED', text].flatMap((more) => [text + more, more + text])

  for (const wrong of [...changed, ...characters, ...cut, ...begun, ...longer]) {
    if (wrong !== text) t.throws(() => open(sealer, wrong), REFUSAL)
  }
  t.strictSame(open(sealer, text), STATE)
})

t.test('a state that is not a string is refused', async (t) => {
  for (const value of [null, 1, {}, [], true, '']) t.throws(() => open(new StateSealer('Notes'), value), REFUSAL)
})

t.test('a state of another principal, method, target, arguments or server is refused', async (t) => {
  const sealer = new StateSealer('Notes', { keys: [OLD] })
  const text = sealer.seal(STATE, BINDING)
  const others: ReadonlyArray<Partial<StateBinding>> = [
    { principal: 'bob' }, { principal: undefined }, { method: 'prompts/get' }, { target: 'pay2' }, { args: {} },
    { args: undefined },
    { args: { amount: 6, to: { name: 'Bob', id: 1 } } }, { args: { amount: 5, to: { name: 'Bob', id: '1' } } }
  ]

  for (const other of others) t.throws(() => open(sealer, text, { ...BINDING, ...other }), REFUSAL)
  t.throws(() => open(new StateSealer('Tasks', { keys: [OLD] }), text), REFUSAL)
})

t.test('moving text between adjacent fields of a binding invalidates the state', async (t) => {
  const sealer = new StateSealer('Notes', { keys: [OLD] })
  const text = sealer.seal(STATE, { principal: 'a', method: 'b","c', target: 'd', args: 1 })

  t.throws(() => open(sealer, text, { principal: 'a', method: 'b', target: 'c","d', args: 1 }), REFUSAL)
})

t.test('a state expires', async (t) => {
  let now = 1000
  const sealer = new StateSealer('Notes', { ttl: 50 }, () => now)
  const text = sealer.seal(STATE, BINDING)

  now = 1049
  t.strictSame(open(sealer, text), STATE)
  now = 1050
  t.throws(() => open(sealer, text), REFUSAL)
})

t.test('a state expires after ten minutes by default', async (t) => {
  let now = 0
  const sealer = new StateSealer('Notes', {}, () => now)
  const text = sealer.seal(STATE, BINDING)

  now = 599_999
  t.strictSame(open(sealer, text), STATE)
  now = 600_000
  t.throws(() => open(sealer, text), REFUSAL)
})

t.test('the first key seals and every key opens, so that keys can be rotated', async (t) => {
  const [before, during, after] = [[OLD], [NEW, OLD], [NEW]].map((keys) => new StateSealer('Notes', { keys }))
  if (before === undefined || during === undefined || after === undefined) throw new Error('three were made')
  const [old, current] = [before.seal(STATE, BINDING), during.seal(STATE, BINDING)]

  t.strictSame(open(during, old), STATE)
  t.strictSame(open(during, current), STATE)
  t.strictSame(open(after, current), STATE)
  t.throws(() => open(after, old), REFUSAL)
  t.throws(() => open(before, current), REFUSAL)
})

t.test('without configured keys, each server has its own random key', async (t) => {
  t.throws(() => open(new StateSealer('Notes'), new StateSealer('Notes').seal(STATE, BINDING)), REFUSAL)
})

t.test('the client gets the same error for every refusal, and the log has the reason', async (t) => {
  const client = new Client()
  let now = 0
  const sealer = new StateSealer('Notes', { ttl: 1 }, () => now)
  const text = sealer.seal(STATE, BINDING)
  now = 1

  t.throws(() => sealer.open('x', BINDING, client.log), REFUSAL)
  t.throws(() => sealer.open(text, BINDING, client.log), REFUSAL)

  t.strictSame(client.logged, [
    {
      level: 'warn',
      reason: 'it was changed, sealed by another key, or belongs to another call',
      msg: 'a requestState was refused'
    },
    { level: 'warn', reason: 'it has expired', msg: 'a requestState was refused' }
  ])
})

t.test('short keys and invalid times to live are refused', async (t) => {
  const needs = "a server has a 'requestState' that needs 'keys': secrets of 32 bytes or more, the one that seals first"
  const wrong: ReadonlyArray<readonly [options: unknown, message: string]> = [
    ...[[], ['short'], [Buffer.alloc(31)], [OLD, 'short'], OLD, [1], [null]].map((keys) => [{ keys }, needs] as const),
    [{ key: OLD }, "a server has a 'requestState' that has a 'key' that does not exist; the options are keys, ttl"],
    [{ ttl: 0 }, "a server has a 'requestState' that has a 'ttl' that must be above 0"],
    [
      { ttl: 1.5 },
      "a server has a 'requestState' that has a 'ttl' " +
        'that must be a whole number of milliseconds from 0 (none) to 2147483647'
    ]
  ]

  for (const [options, message] of wrong) {
    t.throws(
      () => new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: untyped<RequestStateOptions>(options) }),
      { code: 'MCP_ERR_INVALID_DEFINITION', message }
    )
  }
})

t.test('equal values have the same canonical text', async (t) => {
  t.equal(toCanonicalJson({ b: [{ d: 1, c: 2 }], a: null }), '{"a":null,"b":[{"c":2,"d":1}]}')
  t.equal(toCanonicalJson(undefined), 'null')
  t.not(toCanonicalJson([1, 2]), toCanonicalJson([2, 1]))
})
