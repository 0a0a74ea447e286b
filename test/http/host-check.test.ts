import t from 'tap'
import { createHostCheck, LOOPBACK_HOSTS, LOOPBACK_ORIGINS } from '../../lib/http/host-check.ts'

t.test('an exact entry matches itself and nothing else', async (t) => {
  const isAllowed = createHostCheck(['api.example.com', '[2001:db8::1]:8080'])

  t.ok(isAllowed('api.example.com'))
  t.ok(isAllowed('[2001:db8::1]:8080'))
  for (const host of ['', 'api.example.com:80', 'API.example.com', 'api.example.com.', 'evil-api.example.com', 'api.example.com.evil.example', '[2001:db8::1]', '[2001:db8::1]:80']) {
    t.notOk(isAllowed(host), host)
  }
})

t.test('name:* matches the name with any port and with none', async (t) => {
  const isAllowed = createHostCheck(['localhost:*', '[::1]:*'])

  for (const host of ['localhost', 'localhost:1', 'localhost:65535', '[::1]', '[::1]:8000']) t.ok(isAllowed(host), host)
  for (const host of ['localhostx', 'localhost.evil.example', 'evil.example:localhost', '::1', '[::1', '[::2]:8000', ':*', '']) t.notOk(isAllowed(host), host)
})

t.test('any port is a port, and nothing else behind a colon', async (t) => {
  const isAllowed = createHostCheck(['localhost:*', 'http://localhost:*', 'http://[::1]:*'])

  for (const value of [
    'localhost:', 'localhost:x', 'localhost:80x', 'localhost:-1', 'localhost:80:80', 'localhost:123456', 'localhost:80, evil.example', 'localhost:80@evil.example',
    'http://localhost:', 'http://localhost:secret@evil.example', 'http://localhost:80, https://evil.example', 'http://localhost:80/', 'http://[::1]:80@evil.example'
  ]) t.notOk(isAllowed(value), value)
})

t.test('origins keep the colon of their scheme', async (t) => {
  const isAllowed = createHostCheck(['https://app.example.com:*', 'http://[::1]:*', 'null'])

  for (const origin of ['https://app.example.com', 'https://app.example.com:8443', 'http://[::1]', 'http://[::1]:3000', 'null']) t.ok(isAllowed(origin), origin)
  for (const origin of ['http://app.example.com', 'https://app.example.com.evil.example', 'app.example.com', 'https:', 'http://[::1].evil.example']) t.notOk(isAllowed(origin), origin)
})

t.test('nothing is allowed by an empty list', async (t) => {
  const isAllowed = createHostCheck([])

  t.notOk(isAllowed(''))
  t.notOk(isAllowed('localhost'))
})

t.test('the defaults are the forms of localhost with any port', async (t) => {
  t.same(LOOPBACK_HOSTS, ['127.0.0.1:*', 'localhost:*', '[::1]:*'])
  t.same(LOOPBACK_ORIGINS, ['http://127.0.0.1:*', 'http://localhost:*', 'http://[::1]:*'])
})
