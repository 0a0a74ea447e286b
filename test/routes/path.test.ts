import fc from 'fast-check'
import Fastify from 'fastify'
import t from 'tap'
import { buildPath, parsePath } from '../../lib/routes/path.ts'

const URLS: { readonly [url: string]: readonly string[] } = {
  '/': [],
  '/orders/:id': ['id'],
  '/orders/:id/items/:item': ['id', 'item'],
  '/at/:hour(^\\d{2})h:minute(^\\d{2})m': ['hour', 'minute'],
  '/either/:id(^(?:a|b\\))+$)/x': ['id'],
  // The router refuses this after its hook onRoute has run.
  '/open/:id(^a': ['id'],
  '/range/:from-:to': ['from', 'to'],
  '/files/:name.png': ['name'],
  '/files/*': ['*'],
  '/notes/:id?': ['id'],
  '/a::b/:c': ['c'],
  '/caf\u00e9/100%/:id': ['id']
}

for (const [url, names] of Object.entries(URLS)) {
  t.test(`the parameters of ${url}`, async (t) => {
    t.same(parsePath(url).params.map(({ name }) => name), names)
  })
}

t.test('an optional parameter that is left out takes its slash along', async (t) => {
  const path = parsePath('/notes/:id?')

  t.equal(buildPath(path, new Map()), '/notes')
  t.equal(buildPath(path, new Map([['id', '7']])), '/notes/7')
  t.equal(buildPath(parsePath('/:id?'), new Map()), '/')
})

t.test('the router finds the route of a path, and the values that it was built with', async (t) => {
  const app = Fastify({ routerOptions: { maxParamLength: 10_000 } })
  t.teardown(() => app.close())
  const urls = ['/orders/:id', '/orders/:id/items/:item', '/a::b/:c', '/caf\u00e9/100%/:d', '/files/*']
  for (const url of urls) app.get(url, async () => 'found')
  await app.ready()

  // Text without lone surrogates, which have no UTF-8.
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('.', '..', '%2e%2e', 'a/b', '', '?', '#', '%'))
  fc.assert(fc.property(fc.constantFrom(...urls), value, value, (url, first, second) => {
    const path = parsePath(url)
    const values = new Map(path.params.map(({ name }, index) => [name, index === 0 ? first : second]))
    const found = app.findRoute({ method: 'GET', url: buildPath(path, values) })
    return JSON.stringify(found?.params) === JSON.stringify(Object.fromEntries(values))
  }), { numRuns: 500 })
})
