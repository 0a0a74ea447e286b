import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { fetchDocument, guardedFetch, isPublicAddress, lookupPublic } from '../../lib/oauth/guarded-fetch.ts'
import { authorizationUrl } from './manual-client.ts'
import { createStage } from './stage.ts'

const LIMITS = { timeout: 2500, maxBytes: 1024 }

t.test('addresses inside of networks are not public', async (t) => {
  for (const address of [
    '127.0.0.1', '127.1.2.3', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254',
    '100.64.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '::', '::1',
    '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', 'fc00::1', 'fd12::1', 'fe80::1', 'ff02::1',
    '2001:db8::1', '2002:7f00:1::', '2001::1', 'localhost', ''
  ]) t.equal(isPublicAddress(address), false, address)

  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1']) {
    t.equal(isPublicAddress(address), true, address)
  }
})

t.test('nothing is fetched from inside of the network, by whatever name', async (t) => {
  const connections: unknown[] = []
  const server = createServer().on('connection', (socket) => { connections.push(socket); socket.destroy() })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo

  for (const url of [
    `https://127.0.0.1:${port}/`, `https://localhost:${port}/`, `https://2130706433:${port}/`, `https://0x7f.1:${port}/`,
    `https://127.1:${port}/`, `https://0:${port}/`, `https://[::1]:${port}/`, `https://[::ffff:127.0.0.1]:${port}/`,
    `https://[::]:${port}/`, 'https://169.254.169.254/latest/meta-data/', 'https://10.0.0.1/'
  ]) await t.rejects(guardedFetch(url, LIMITS), /not public/, url)
  await t.rejects(guardedFetch(`http://127.0.0.1:${port}/`, LIMITS), /https/)
  t.equal(connections.length, 0)
})

t.test('a client id that leads inside of the network gets an error page, and no connection', async (t) => {
  const { openBrowser } = await createStage(t)
  for (const id of ['https://127.0.0.1/client.json', 'https://localhost/client.json', 'https://[::1]/client.json',
    'http://client.example.com/client.json', 'https://user@client.example.com/client.json']) {
    const seen = await openBrowser().request(authorizationUrl(id))
    t.equal(seen.status, 400, id)
    t.equal(seen.headers.get('location'), null)
  }
})

t.test('a document of another client, or with a redirect URI that is not accepted, is no client', async (t) => {
  const id = 'https://client.example.com/metadata.json'
  for (const document of [
    { client_id: 'https://other.example.com/metadata.json', redirect_uris: ['https://client.example.com/callback'] },
    { client_id: id, redirect_uris: ['http://client.example.com/callback'] },
    { client_id: id, redirect_uris: [] }, { client_id: id }, [], 'text', null
  ]) {
    const { openBrowser } = await createStage(t, { fetchClientDocument: async () => Response.json(document) })
    const seen = await openBrowser().request(authorizationUrl(id))
    t.equal(seen.status, 400)
    t.equal(seen.headers.get('location'), null)
  }
})

t.test('a name is looked up to its public addresses', async (t) => {
  const lookUp = (all: boolean): Promise<unknown> => new Promise((resolve, reject) => {
    // Node.js resolves an address to itself, without a question to a server.
    lookupPublic('1.1.1.1', { all }, (error, ...found) => { error === null ? resolve(found) : reject(error) })
  })

  t.same(await lookUp(true), [[{ address: '1.1.1.1', family: 4 }]])
  t.same(await lookUp(false), ['1.1.1.1', 4])
})

const noOpenssl = spawnSync('openssl', ['version']).error !== undefined && 'not installed: openssl'

t.test('a document is fetched whole, within its limits, and without redirects', { skip: noOpenssl }, async (t) => {
  const directory = t.testdir()
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
    '-subj', '/CN=client.example.com', '-addext', 'subjectAltName=DNS:client.example.com', '-keyout', key, '-out', cert
  ], { stdio: 'ignore' })
  const ca = readFileSync(cert, 'utf8')
  const server = createHttpsServer({ key: readFileSync(key), cert: ca }, ({ url }, reply) => {
    if (url === '/moved') reply.writeHead(302, { location: '/' }).end()
    else if (url === '/plain') reply.end('{}')
    else reply.setHeader('cache-control', 'max-age=60').end('x'.repeat(url === '/long' ? 1025 : 1024))
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const fetched = (path: string): Promise<Response> =>
    fetchDocument(`https://client.example.com:${port}${path}`, LIMITS, {
      ca, lookup: (_name, _options, callback) => { callback(null, [{ address: '127.0.0.1', family: 4 }]) }
    })

  const document = await fetched('/')
  t.equal((await document.text()).length, 1024)
  t.equal(document.headers.get('cache-control'), 'max-age=60')
  t.equal((await fetched('/plain')).headers.get('cache-control'), null)
  await t.rejects(fetched('/long'), { message: 'the document has more than 1024 bytes' })
  await t.rejects(fetched('/moved'), { message: 'the document was answered with status 302' })
})
