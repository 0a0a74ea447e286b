// Small parts of what makes tools of routes, each for itself.
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { RequestContext } from '../../lib/index.ts'
import type { Candidate } from '../../lib/routes/choose.ts'
import { createConfirm } from '../../lib/routes/confirm.ts'
import { createRivalFinder, isOwnRoute } from '../../lib/routes/rivals.ts'
import { createMessageReader } from '../../lib/routes/stream-messages.ts'

t.test('a question has the values of the arguments, and nothing for those that are not there', async (t) => {
  const asked: string[] = []
  const ctx = {
    elicit: async (message: string) => { asked.push(message); return { action: 'accept' } }
  } as unknown as RequestContext
  const confirm = createConfirm('{id}|{order.id}|{order}|{id.x}|{toString}|{other}')
  await confirm({ id: 'a', order: { id: 7 } }, ctx)

  t.same(asked, ['a|7|{"id":7}|||'])
})

t.test('a path for which the router finds nothing is not that of a route', async (t) => {
  t.equal(isOwnRoute(null, new Map()), false)
  t.equal(isOwnRoute(undefined, new Map()), false)
  t.equal(isOwnRoute({ params: { id: '1' } }, new Map([['id', '1']])), true)
})

t.test('a route has its rivals among the routes with the same parameters', async (t) => {
  const create = (url: string): Candidate => ({
    method: 'GET', url, constraints: {}, schema: {}, scope: {} as FastifyInstance
  } as unknown as Candidate)
  const [own, rival] = [create('/a/:id'), create('/:id/b')]

  t.equal(createRivalFinder([own, rival])(own), rival)
  t.equal(createRivalFinder([own, create('/:id/b/c'), create('/b/:id')])(own), undefined)
  t.equal(createRivalFinder([])(own), undefined)
})

t.test('messages of a stream are read line by line, whatever breaks the lines', async (t) => {
  const readAll = (type: string, ...chunks: readonly string[]): readonly string[] | undefined => {
    const read = createMessageReader(type)
    return read && chunks.flatMap((chunk) => read(Buffer.from(chunk)))
  }

  t.same(readAll('text/event-stream', 'data: a\r', '\ndata\ndata:b\nid: 1\n: c\n\n', '\nevent: x\n\n'), ['a\n\nb'])
  t.same(readAll('application/x-ndjson', '{"a":1}\n\n', '{"b"', ':2}\n{'), ['{"a":1}', '{"b":2}'])
  t.equal(readAll('application/json', '{}'), undefined)
})
