import t from 'tap'
import { refuse, unsupportedRevision, type RefusalReason } from '../../lib/protocol/refusals.ts'

t.test('a refusal has the reason, status, code and title of its kind', async (t) => {
  t.strictSame(refuse('parseError', null, 'x'), refusal('parse_error', 400, -32700, 'Parse error: x', null))
  t.strictSame(refuse('invalidRequest', 'a', 'x'), refusal('invalid_request', 400, -32600, 'Invalid Request: x', 'a'))
  t.strictSame(refuse('invalidParams', 7, 'x'), refusal('invalid_params', 400, -32602, 'Invalid params: x', 7))
  t.strictSame(refuse('headerMismatch', 7, 'x'), refusal('header_mismatch', 400, -32020, 'Header mismatch: x', 7))
  t.strictSame(
    refuse('unsupportedRevision', 7, 'x'),
    refusal('unsupported_revision', 400, -32022, 'Unsupported protocol version: x', 7)
  )
  t.strictSame(refuse('sessionRequired', 7, 'x'), refusal('session', 400, -32000, 'x', 7))
  t.strictSame(refuse('sessionNotFound', 7, 'x'), refusal('session', 404, -32001, 'Session not found: x', 7))
  t.strictSame(refuse('tooMany', 7, 'x'), refusal('limit', 429, -32603, 'x', 7))
  t.strictSame(refuse('full', 7, 'x'), refusal('limit', 503, -32603, 'x', 7))
  t.strictSame(refuse('unavailable', 7, 'x'), refusal('unavailable', 503, -32603, 'x', 7))
})

t.test('the refusal of a revision lists the revisions that are served', async (t) => {
  const supported = ['2026-07-28']
  const unsupported = refusal('unsupported_revision', 400, -32022, 'Unsupported protocol version', 7)

  t.strictSame(unsupportedRevision(7, '1900-01-01'), { ...unsupported, data: { supported, requested: '1900-01-01' } })
  t.strictSame(unsupportedRevision(7, 5), { ...unsupported, data: { supported } })
})

function refusal (
  reason: RefusalReason, ...[status, code, message, id]: [number, number, string, string | number | null]
) {
  return { kind: 'refusal', reason, status, code, message, id }
}
