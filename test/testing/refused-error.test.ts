import t from 'tap'
import { readRefusal, RefusedError } from '../../lib/testing/refused-error.ts'

t.test('a refusal has the status, the headers and the body of the reply', async (t) => {
  const cause = new Error('what the client says')
  const response = Response.json({ error: 'no' }, { status: 403, headers: { 'x-a': '1' } })

  const refusal = await readRefusal(response, (text) => `refused: ${text}`, { cause })

  t.ok(refusal instanceof RefusedError)
  t.match(refusal, {
    name: 'RefusedError',
    status: 403,
    body: { error: 'no' },
    message: 'refused: {"error":"no"}',
    cause
  })
  t.equal(refusal.headers.get('x-a'), '1')
})

t.test('a body that is not JSON is text', async (t) => {
  t.equal((await readRefusal(new Response('not here', { status: 404 }), () => '')).body, 'not here')
})
