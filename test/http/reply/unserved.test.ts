import Fastify from 'fastify'
import t from 'tap'
import { ClusterUnreachableError } from '../../../lib/errors.ts'
import { sendUnserved } from '../../../lib/http/reply/unserved.ts'
import { SessionEndedError } from '../../../lib/session/nodes/unavailable.ts'

t.test('the refusal of a request that could not be served tells the client how to recover', async (t) => {
  const errors: Readonly<Record<string, Error>> = {
    outage: new ClusterUnreachableError('unreachable'),
    ended: new SessionEndedError(),
    other: new Error('no disk')
  }
  const app = Fastify()
  app.get<{ Params: { name: string } }>('/:name', (request, reply) =>
    sendUnserved(reply, 1, errors[request.params.name])
  )
  t.teardown(() => app.close())

  const [outage, ended, other] = await Promise.all(Object.keys(errors).map((name) => app.inject(`/${name}`)))

  t.match(outage, { statusCode: 503, headers: { 'retry-after': '30' } })
  t.match(outage?.json(), {
    id: 1,
    error: { code: -32603, message: 'The store of sessions cannot be reached; try again later' }
  })
  t.match(ended, { statusCode: 404 })
  t.match(ended?.json(), { id: 1, error: { message: /Session not found/ } })
  t.match(other, { statusCode: 500 })
})
