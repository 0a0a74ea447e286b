import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { injectFetch } from '../../lib/testing.ts'
import { createGate } from '../support/stream.ts'

function createApp (t: Test): FastifyInstance {
  const app = Fastify()
  t.teardown(() => app.close())
  return app
}

t.test('a request reaches the app with its method, headers and body', async (t) => {
  const app = createApp(t)
  app.post('/echo', async ({ method, url, headers, body }) => ({ method, url, headers, body }))

  const response = await injectFetch(app)('http://api.example.com:8000/echo?a=b', {
    method: 'POST', headers: { 'Content-Type': 'application/json', 'X-One': '1' }, body: '{"text":"ä"}'
  })

  t.equal(response.status, 200)
  t.equal(response.statusText, 'OK')
  t.match(response.headers.get('content-type'), 'application/json')
  t.strictSame(await response.json(), {
    method: 'POST',
    url: '/echo?a=b',
    headers: {
      host: 'api.example.com:8000',
      'content-type': 'application/json',
      'x-one': '1',
      'content-length': '13',
      'user-agent': 'lightMyRequest'
    },
    body: { text: 'ä' }
  })
})

t.test('it accepts a string, a URL or a Request, as fetch does', async (t) => {
  const app = createApp(t)
  app.put('/echo', async ({ body }) => body)
  app.get('/echo', async () => 'got')
  const fetch = injectFetch(app)

  t.equal(await (await fetch(new Request('http://localhost/echo', { method: 'PUT', body: 'a' }))).text(), 'a')
  t.equal(await (await fetch(new URL('http://localhost/echo'))).text(), 'got')
  t.equal(await (await fetch('http://localhost/echo')).text(), 'got')
  t.equal((await fetch('http://localhost/nowhere')).status, 404)
  await t.rejects(fetch('/echo'), TypeError)
})

t.test('the headers of a request override the default headers', async (t) => {
  const app = createApp(t)
  app.get('/', async ({ headers }) => [headers['x-a'], headers['x-b'], headers.host])

  const response = await injectFetch(app, { headers: { 'X-A': 'all', 'X-B': 'all', Host: 'other' } })(
    'http://localhost/',
    { headers: { 'x-a': 'one' } }
  )

  t.same(await response.json(), ['one', 'all', 'other'])
})

t.test('a reply has all its headers, and a null body if it has none', async (t) => {
  const app = createApp(t)
  app.get('/', async (_request, reply) => reply.code(204).header('set-cookie', ['a=1', 'b=2']).send())

  const response = await injectFetch(app)('http://localhost/')

  t.equal(response.body, null)
  t.same(response.headers.getSetCookie(), ['a=1', 'b=2'])
})

t.test('a reply is returned before its end, and streamed as it is written', async (t) => {
  const app = createApp(t)
  const source = new Readable({ read () {} })
  app.get('/', async (_request, reply) => reply.type('text/event-stream').send(source))
  source.push('one')

  const response = await injectFetch(app)('http://localhost/')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()

  t.same(await reader?.read(), { done: false, value: 'one' })
  source.push('two')
  t.same(await reader?.read(), { done: false, value: 'two' })
  source.push(null)
  t.same(await reader?.read(), { done: true, value: undefined })
})

t.test('a body that is not read applies backpressure to its source', async (t) => {
  const app = createApp(t)
  let produced = 0
  const source = Readable.from((async function * () { while (true) yield Buffer.alloc(65_536, `${produced++}`) })())
  app.get('/', async (_request, reply) => reply.send(source))

  const response = await injectFetch(app)('http://localhost/')
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)

  t.ok(produced < 50, `${produced} chunks are on their way`)
  await response.body?.cancel()
})

t.test('cancelling a body disconnects the client', async (t) => {
  const app = createApp(t)
  const gone = createGate()
  app.get('/', async (_request, reply) => {
    reply.raw.once('close', () => { gone.open() })
    return await reply.send(new Readable({ read () { this.push('again ') } }))
  })

  const response = await injectFetch(app)('http://localhost/')
  await response.body?.cancel()

  await gone.promise
})

t.test('aborting a request disconnects the client, before and during the reply', async (t) => {
  const app = createApp(t)
  const came = createGate()
  const left = [createGate(), createGate()] as const
  app.post('/waits', async (_request, reply) => {
    reply.raw.once('close', () => { left[0].open() })
    came.open()
    await left[0].promise
  })
  app.get('/streams', async (_request, reply) => {
    reply.raw.once('close', () => { left[1].open() })
    return await reply.send(Readable.from((async function * () { yield 'one'; await left[1].promise })()))
  })
  const fetch = injectFetch(app)
  const [first, second] = [new AbortController(), new AbortController()]

  const waiting = fetch('http://localhost/waits', { method: 'POST', body: 'a', signal: first.signal }).catch(
    (error: unknown) => error
  )
  await came.promise
  first.abort('enough')
  t.equal(await waiting, 'enough', 'the reason is what the caller gets, as from fetch')
  await left[0].promise

  const reader = (await fetch(new Request('http://localhost/streams', { signal: second.signal }))).body?.getReader()
  await reader?.read()
  second.abort()
  await t.rejects(async () => { await reader?.read() }, { name: 'AbortError' })
  await left[1].promise
})

t.test('a request whose signal has already been aborted is not sent', async (t) => {
  const app = createApp(t)
  let count = 0
  app.get('/', async () => { count++ })

  await t.rejects(injectFetch(app)('http://localhost/', { signal: AbortSignal.abort() }), { name: 'AbortError' })

  t.equal(count, 0)
})

t.test('no listeners are left on a signal when its requests are over', async (t) => {
  const app = createApp(t)
  app.get('/', async () => 'text')
  app.get('/breaks', async (_request, reply) => { reply.hijack().raw.destroy() })
  const fetch = injectFetch(app)
  const { signal } = new AbortController()
  let listening = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listening++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listening--
    removeEventListener.apply(signal, args)
  }

  await (await fetch('http://localhost/', { signal })).text()
  await t.rejects(fetch('http://localhost/breaks', { signal }), /response destroyed before completion/)

  await new Promise(setImmediate)
  t.equal(listening, 0)
})

t.test('reading the body of a reply that breaks off rejects', async (t) => {
  const app = createApp(t)
  app.get('/', async (_request, reply) => {
    return await reply.send(Readable.from((async function * () {
      yield 'one'
      await new Promise(setImmediate)
      throw new Error('the disk is gone')
    })()))
  })

  const response = await injectFetch(app)('http://localhost/')

  t.equal(response.status, 200)
  await t.rejects(response.text(), { code: 'LIGHT_ECONNRESET' })
})

t.test('a request to a closed app rejects', async (t) => {
  const app = createApp(t)
  await app.ready()
  await app.close()

  await t.rejects(injectFetch(app)('http://localhost/'), { code: 'FST_ERR_REOPENED_CLOSE_SERVER' })
})
