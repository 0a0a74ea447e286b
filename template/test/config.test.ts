import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'

test('the app listens on localhost, port 8000, unless the environment says otherwise', () => {
  assert.deepEqual(readConfig({ PORT: '' }), { host: '127.0.0.1', port: 8000, logLevel: 'info' })
  assert.deepEqual(
    readConfig({ HOST: '0.0.0.0', PORT: '80', LOG_LEVEL: 'warn', PUBLIC_URL: 'https://a.example', ALLOWED_HOSTS: 'b, c' }),
    { host: '0.0.0.0', port: 80, logLevel: 'warn', publicUrl: 'https://a.example', allowedHosts: ['b', 'c'] }
  )
})

test('a wrong port is refused', () => {
  assert.throws(() => readConfig({ PORT: 'http' }), /PORT is 'http'/)
})

// #with redis
test('Redis needs a key that all processes share', () => {
  assert.throws(() => readConfig({ REDIS_URL: 'redis://localhost' }), /MCP_STATE_KEY/)
  const env = { REDIS_URL: 'redis://localhost', MCP_STATE_KEY: 'secret' }
  assert.equal(readConfig(env).redisUrl, 'redis://localhost')
})

// #end
// #with auth
test('authorization needs the URL that tokens are issued for', () => {
  assert.throws(() => readConfig({ AUTH_ISSUER: 'https://login.example' }), /PUBLIC_URL/)
  const env = { AUTH_ISSUER: 'https://login.example', PUBLIC_URL: 'https://a.example' }
  assert.equal(readConfig(env).authIssuer, 'https://login.example')
})

// #end
test('the health check answers without authorization', async (t) => {
  const app = createApp()
  t.after(() => app.close())

  const response = await app.inject('/health')

  assert.equal(response.statusCode, 200)
  assert.deepEqual(response.json(), { status: 'ok' })
})

test('only hosts that were configured are served', async (t) => {
  const app = createApp({ publicUrl: 'https://mcp.example.com' })
  t.after(() => app.close())

  const response = await app.inject({ method: 'POST', url: '/mcp', headers: { host: 'evil.example' } })

  assert.equal(response.statusCode, 421)
})
