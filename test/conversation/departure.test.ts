import t from 'tap'
import { Departure } from '../../lib/conversation/departure.ts'

t.test('a listener is called with the reason once, when the client leaves', (t) => {
  const departure = new Departure()
  const reasons: Error[] = []
  departure.add((reason) => { reasons.push(reason) })

  const first = new Error('The client closed the connection')
  departure.leave(first)
  departure.leave(new Error('The server is shutting down'))

  t.strictSame(reasons, [first])
  t.end()
})

t.test('a listener that is added after the client has left is called at once', (t) => {
  const departure = new Departure()
  const reason = new Error('The client closed the connection')
  departure.leave(reason)

  departure.add((given) => { t.equal(given, reason) })

  t.plan(1)
})

t.test('no listener is called after the request was answered', (t) => {
  const departure = new Departure()
  departure.add(() => { t.fail('called') })

  departure.dispose()
  departure.leave(new Error('The client closed the connection'))

  t.pass()
  t.end()
})
