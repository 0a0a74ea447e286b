import { once } from 'node:events'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { listConstraintHosts, resolveConstraints } from '../../../lib/http/guard/host-constraint.ts'
import { createApp, createHost, createServer, modern } from '../../support/app.ts'

t.test('a mount with a host constraint serves only that host, with any port and in any spelling', async (t) => {
  const { app } = await createApp(t, { constraints: { host: 'mcp.example.com' } })
  const statusOf = async (host: string) =>
    (await app.inject(modern('server/discover', {}, { headers: { host } }))).statusCode

  for (const host of [
    'mcp.example.com', 'mcp.example.com:80', 'mcp.example.com:443', 'mcp.example.com:8080', 'MCP.Example.com',
    'mcp.example.com.', 'mcp.example.com.:8000'
  ]) {
    t.equal(await statusOf(host), 200, host)
  }
  for (const host of [
    'localhost', 'mcp.example.com.evil.example', 'mcp.example.com@evil.example', 'xmcp.example.com',
    'mcpxexample.com', 'mcp.example.com:x', 'mcp.example.com:*', 'mcp.example.com:65536', '*'
  ]) {
    t.equal(await statusOf(host), 404, host)
  }
})

t.test('a host constraint matches the authority of HTTP/2, and a request without a host gets 404', async (t) => {
  const { app } = createHost(t)
  const secure = Fastify({ http2: true })
  t.teardown(() => secure.close())
  for (const one of [app, secure as unknown as typeof app]) {
    one.register(mcpPlugin, { server: createServer(), constraints: { host: 'mcp.example.com' } })
  }
  const client = http2.connect(await secure.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => client.close())
  const statusOf = async (authority: string) => {
    const [headers] = await once(client.request({ ':path': '/mcp', ':authority': authority }).resume(), 'response')
    return headers[':status']
  }

  t.equal(await statusOf('MCP.example.com:8443'), 400, 'it is found')
  t.equal(await statusOf('localhost'), 404)
  const socket = connect(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port), '127.0.0.1')
  socket.write('GET /mcp HTTP/1.0\r\nconnection: close\r\n\r\n')
  t.match(await text(socket), /^HTTP\/1.1 404 /)
})

t.test('a host constraint with a port matches only that port', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { name: 'a', server: createServer('A'), constraints: { host: 'mcp.example.com:8080' } })
  app.register(mcpPlugin, { name: 'b', server: createServer('B'), constraints: { host: '[::1]:443' } })
  app.register(mcpPlugin, { name: 'c', server: createServer('C'), constraints: { host: 'mcp.example.com:*' } })
  const serverAt = async (host: string) =>
    (await app.inject(modern('server/discover', {}, { headers: { host } }))).json().result?._meta[
      'io.modelcontextprotocol/serverInfo'
    ].name

  t.equal(await serverAt('MCP.example.com:8080'), 'A')
  for (const host of ['mcp.example.com', 'mcp.example.com:80', 'mcp.example.com:8081']) {
    t.equal(await serverAt(host), 'C', host)
  }
  for (const host of ['[::1]', '[::1]:443']) t.equal(await serverAt(host), 'B', host)
  t.equal(await serverAt('[::1]:80'), undefined)
})

t.test('a constraint that is not a host name stays unchanged, and adds no allowed host', async (t) => {
  const pattern = { host: /^a\./, version: '1.0.0' }

  t.same(resolveConstraints(pattern), pattern)
  for (const host of ['https://a.example', 'a b', '']) {
    const constraints = { host }
    t.same(resolveConstraints(constraints), constraints)
    t.same(listConstraintHosts(host), [])
  }
  t.same(resolveConstraints({ version: '1.0.0', host: 'A.example' }), { version: '1.0.0', mcpHost: 'a.example:*' })
  t.same(resolveConstraints({ version: '1.0.0' }), { version: '1.0.0' })
})
