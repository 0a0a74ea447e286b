import dns from 'node:dns'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { createServer as createHttp2Server } from 'node:http2'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { connect as connectSecurely } from 'node:tls'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { ServerConnections } from '../../lib/http/server-connections.ts'
import { createServer as createNotes, mount } from '../support/app.ts'

// A self-signed certificate for localhost, for this test only.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgOSH28YrosH3yZjMu
0mkWNPBJm1y/ri30HngzhZwO81mhRANCAATjs0l5dXUe+PNxTUJnFfWlbILgN36Z
cNXL0KPiGbRzQ6pD3zAQIvu1VZg5LcCtMPSpGq9Dm+EmP8RXCicUxM0I
-----END PRIVATE KEY-----
`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUen8x5yxCboiNGffa4RnB5FItL9MwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTIyMDMyM1oYDzIxMjYxMDI4
MjIwMzIzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATjs0l5dXUe+PNxTUJnFfWlbILgN36ZcNXL0KPiGbRzQ6pD3zAQIvu1
VZg5LcCtMPSpGq9Dm+EmP8RXCicUxM0Io1MwUTAdBgNVHQ4EFgQUUkEi1z7N6oY8
0d8aq9/MS0muuVswHwYDVR0jBBgwFoAUUkEi1z7N6oY80d8aq9/MS0muuVswDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBuTnbWbuqU1n0KBcPz0TKd
A086jDlHyAYjpfmPv63kOwIhAJYbYw+QT2/l7TymQA1EQLgPVZ1bpqYdfQI7Di0i
k+c7
-----END CERTIFICATE-----
`

const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Starts a server that answers when the test says so. */
async function listen (
  t: Test,
  server: Server
): Promise<{ readonly port: number, readonly connections: ServerConnections, readonly asked: Promise<() => void> }> {
  const connections = new ServerConnections(server)
  const asked = once(server, 'request').then(
    ([, reply]) =>
      () =>
        reply.end('Hello')
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.closeAllConnections())
  return { port: (server.address() as AddressInfo).port, connections, asked }
}

async function readAll (socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

const PROTOCOLS = [
  { name: 'HTTP', create: createServer, open: (port: number) => connect(port, '127.0.0.1'), isOpen: 'connect' },
  {
    name: 'HTTPS',
    create: () => createSecureServer({ key: KEY, cert: CERTIFICATE }),
    open: (port: number) => connectSecurely({ port, rejectUnauthorized: false }),
    isOpen: 'secureConnect'
  }
]

for (const { name, create, open, isOpen } of PROTOCOLS) {
  t.test(`${name}: an unused connection is closed at once, and a busy one after its reply`, async (t) => {
    const server = create()
    const { port, connections, asked } = await listen(t, server)
    const [silent, asking] = [open(port), open(port)]
    await once(silent, isOpen)
    asking.write(REQUEST)
    const answer = await asked

    connections.endUnused()
    const closed = once(server.close(), 'close')
    await once(silent, 'close')
    const isServed = !asking.closed
    answer()

    t.ok(isServed)
    t.match(await readAll(asking), /Hello/)
    await closed
  })
}

t.test('a connection that is kept alive ends soon after its last reply', async (t) => {
  const server = createServer({ keepAliveTimeout: 72_000 })
  const { port, connections, asked } = await listen(t, server)
  const asking = connect(port, '127.0.0.1')
  asking.write(REQUEST)
  const answer = await asked

  connections.endUnused()
  server.close()
  answer()

  t.match(await readAll(asking), /Connection: keep-alive[^]*Hello/)
})

// Where a machine has one address only for a name, it is given another one.
const SECOND = Object.values(networkInterfaces()).flat().some((known) => known?.address === '::1') ? '::1' : '127.0.0.2'

t.test('a name may have several addresses, and Fastify a server for each', async (t) => {
  const { lookup } = dns
  t.intercept(dns, 'lookup', {
    value: (
      host: string,
      options: dns.LookupAllOptions,
      callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void
    ) => {
      if (host !== 'localhost' || options.all !== true) lookup(host, options, callback)
      else {
        callback(
          null,
          ['127.0.0.1', SECOND].map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
        )
      }
    }
  })
  const app = Fastify()
  await mount(app, { server: createNotes() })
  await app.listen({ port: 0, host: 'localhost' })
  const { port } = app.server.address() as AddressInfo
  const silent = ['127.0.0.1', SECOND].map((address) => connect(port, address))
  await Promise.all(silent.map((socket) => once(socket, 'connect')))
  const asking = ['127.0.0.1', SECOND].map((address) => connect(port, address))
  for (const socket of asking) socket.write(REQUEST)
  const ended = asking.map(readAll)

  const closed = silent.map((socket) => once(socket, 'close'))
  await Promise.all(asking.map((socket) => once(socket, 'readable')))
  const addresses = app.addresses()
  await app.close()
  await Promise.all(closed)

  t.equal(addresses.length, 2)
  t.match(await Promise.all(ended), [/404/, /404/])
})

t.test('a server that does not listen, or speaks HTTP/2, is left alone', async (t) => {
  new ServerConnections(createServer()).endUnused()
  const server = createHttp2Server() as unknown as Server
  const connections = new ServerConnections(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const before = server.listenerCount('close')
  connections.endUnused()
  const after = server.listenerCount('close')
  const closed = once(server, 'close')
  server.close()
  await closed

  t.equal(after, before)
})

/** Starts a server that answers at once, and connects to it. */
async function connectTo (t: Test): Promise<{
  readonly server: Server, readonly connections: ServerConnections, readonly socket: Socket
}> {
  const server = createServer((_request, response) => response.end('Hello'))
  const { port, connections } = await listen(t, server)
  const connected = once(server, 'connection')
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy(); server.close() })
  await connected
  return { server, connections, socket }
}

t.test('a server that is never quiet refuses connections nonetheless, and serves those that are open', async (t) => {
  const { server, connections, socket } = await connectTo(t)
  const { now } = performance
  // Each turn of the event loop seems to take this long.
  let late = 0
  const restore = t.intercept(performance, 'now', { value: () => now.call(performance) + (late += 400) })

  await connections.refuseNew()
  restore.restore()

  t.notOk(server.listening)
  socket.write(REQUEST)
  t.match(String(await once(socket, 'data')), /Hello/)
})

t.test('a client that goes on sending requests is waited for until the limit', async (t) => {
  const { server, connections, socket } = await connectTo(t)
  let isOver = false
  let answers = 0
  socket.on('data', () => {
    answers++
    if (!isOver) socket.write(REQUEST)
  })
  socket.write(REQUEST)
  await once(server, 'request')

  await connections.waitUntilQuiet(60_000, 50)
  isOver = true

  t.ok(answers > 0)
  t.notOk(socket.destroyed)
})

t.test('a connection without requests is waited for until it has been quiet, or until it closes', async (t) => {
  const first = await connectTo(t)
  await first.connections.waitUntilQuiet(1, 60_000)
  t.notOk(first.socket.destroyed)

  const second = await connectTo(t)
  const waited = second.connections.waitUntilQuiet(60_000, 60_000)
  second.socket.destroy()
  await waited
  await second.connections.waitUntilQuiet(60_000, 60_000)
})
