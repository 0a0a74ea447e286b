import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createTestClient } from 'fastify-mcp-mount/testing'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createApp } from '../src/app.ts'

const publicUrl = 'https://mcp.example.com'

// The part of an authorization server that the app uses: its metadata and its public key.
const { publicKey, privateKey } = await generateKeyPair('ES256')
const issuer = createServer(async (request, response) => {
  const { port } = issuer.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const keys = [{ ...await exportJWK(publicKey), kid: 'one', use: 'sig', alg: 'ES256' }]
  const isKeys = request.url === '/jwks'
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(isKeys ? { keys } : { issuer: url, jwks_uri: `${url}/jwks` }))
})

test('only callers with an access token for this server may use it', async (t) => {
  issuer.listen(0, '127.0.0.1')
  await once(issuer, 'listening')
  const authIssuer = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  const app = createApp({ publicUrl, authIssuer })
  t.after(async () => {
    await app.close()
    issuer.close()
    issuer.closeAllConnections()
  })
  const sign = async (audience: string): Promise<string> => {
    return await new SignJWT({ client_id: 'test' }).setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(authIssuer).setAudience(audience).setSubject('ann').setExpirationTime('1m').sign(privateKey)
  }
  const post = async (headers: Record<string, string>): Promise<number> => {
    const host = 'mcp.example.com'
    return (await app.inject({ method: 'POST', url: '/mcp', headers: { host, ...headers } })).statusCode
  }

  assert.equal(await post({}), 401)
  assert.equal(await post({ authorization: `Bearer ${await sign('https://other.example/mcp')}` }), 401)

  const authorization = `Bearer ${await sign(`${publicUrl}/mcp`)}`
  const client = await createTestClient(app, { host: 'mcp.example.com', headers: { authorization } })
  const { tools } = await client.listTools()
  assert.deepEqual(tools.map(({ name }) => name), ['add_note', 'list_notes'])
  await client.close()
})
