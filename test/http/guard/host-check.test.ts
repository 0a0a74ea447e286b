import t from 'tap'
import { createHostCheck, LOOPBACK_HOSTS, LOOPBACK_ORIGINS } from '../../../lib/http/guard/host-check.ts'

t.test('an entry with a port matches only that port', async (t) => {
  const isAllowed = createHostCheck(['api.example.com:8080', '[2001:db8::1]:8080'])

  for (const host of ['api.example.com:8080', 'API.example.com:8080', 'api.example.com.:8080', '[2001:DB8::1]:8080']) {
    t.ok(isAllowed(host), host)
  }
  for (const host of [
    'api.example.com', 'api.example.com:80', 'api.example.com:443', 'api.example.com:8081', '[2001:db8::1]',
    '[2001:db8::1]:80'
  ]) {
    t.notOk(isAllowed(host), host)
  }
})

t.test('an entry without a port matches the host without a port and with a default port', async (t) => {
  const isAllowed = createHostCheck(['api.example.com', 'Other.example.'])

  for (const host of [
    'api.example.com', 'API.example.com', 'api.example.com.', 'api.example.com:80', 'api.example.com:443',
    'other.example', 'OTHER.EXAMPLE.:443'
  ]) {
    t.ok(isAllowed(host), host)
  }
  for (const host of [
    '', 'api.example.com:8080', 'api.example.com:65536', 'evil-api.example.com', 'api.example.com.evil.example',
    'api.example.com..', 'example.com', '*', 'undefined'
  ]) {
    t.notOk(isAllowed(host), host)
  }
})

t.test('an entry with a default port also matches the host without a port, but not the port of the other scheme', async (t) => {
  const isAllowed = createHostCheck(['api.example.com:443', 'plain.example:80'])

  for (const host of ['api.example.com', 'api.example.com:443', 'plain.example', 'plain.example:80']) {
    t.ok(isAllowed(host), host)
  }
  for (const host of ['api.example.com:80', 'plain.example:443', 'api.example.com:444']) t.notOk(isAllowed(host), host)
})

t.test('name:* matches the name with any port and without one', async (t) => {
  const isAllowed = createHostCheck(['localhost:*', '[::1]:*', 'BUILD-PC:*'])

  for (const host of [
    'localhost', 'LOCALHOST:8000', 'localhost:1', 'localhost:65535', '[::1]', '[::1]:8000', 'build-pc:8000',
    'build-pc.'
  ]) {
    t.ok(isAllowed(host), host)
  }
  for (const host of [
    'localhostx', 'localhost.', 'localhost.evil.example', 'evil.example:localhost', '::1', '[::1', '[::2]:8000', ':*',
    '', '*', '*:*', 'localhost:*', '[::1]:*'
  ]) {
    t.notOk(isAllowed(host), host)
  }
})

t.test('name:* matches no text after the colon that is not a port', async (t) => {
  const isAllowed = createHostCheck(['localhost:*', 'http://localhost:*', 'http://[::1]:*'])

  for (const value of [
    'localhost:',
    'localhost:x',
    'localhost:80x',
    'localhost:-1',
    'localhost:80:80',
    'localhost:123456',
    'localhost:65536',
    'localhost:*',
    'localhost:80, evil.example',
    'localhost:80@evil.example',
    'http://localhost:',
    'http://localhost:*',
    'http://localhost:65536',
    'http://localhost:secret@evil.example',
    'http://localhost:80, https://evil.example',
    'http://localhost:80/',
    'http://[::1]:80@evil.example'
  ]) {
    t.notOk(isAllowed(value), value)
  }
})

t.test('origins are compared by scheme, host and port', async (t) => {
  const isAllowed = createHostCheck(['https://app.example.com', 'https://any.example:*', 'http://[::1]:3000', 'vscode-webview://a1b2'])

  for (const origin of [
    'https://app.example.com', 'https://APP.example.com', 'HTTPS://app.example.com', 'https://app.example.com.', 'https://app.example.com:443', 'https://any.example', 'https://any.example:8443',
    'http://[::1]:3000', 'vscode-webview://a1b2'
  ]) t.ok(isAllowed(origin), origin)
  for (const origin of [
    'http://app.example.com', 'https://app.example.com:80', 'https://app.example.com:8443', 'http://app.example.com:443', 'https://app.example.com.evil.example', 'app.example.com', 'https:', 'https://*', '*',
    'http://[::1]', 'http://[::1].evil.example', 'null', 'vscode-webview://a1b2:80'
  ]) t.notOk(isAllowed(origin), origin)
})

t.test("the origin 'null' matches only if it is listed, in exactly this spelling", async (t) => {
  const isAllowed = createHostCheck(['null'])

  t.ok(isAllowed('null'))
  for (const origin of ['NULL', 'null:80', 'null.', 'http://null', '']) t.notOk(isAllowed(origin), origin)
})

t.test("an empty list matches nothing, and '*' matches everything", async (t) => {
  const isNever = createHostCheck([])
  const isAlways = createHostCheck('*')

  for (const value of ['', 'localhost', 'null', '*', 'https://evil.example']) {
    t.notOk(isNever(value))
    t.ok(isAlways(value))
  }
})

t.test('the result does not depend on the previous value', async (t) => {
  const isAllowed = createHostCheck(['a.example'])

  for (let round = 0; round < 2; round++) {
    t.ok(isAllowed('a.example'))
    t.notOk(isAllowed('b.example'))
    t.ok(isAllowed('A.example'))
    t.notOk(isAllowed('b.example'))
  }
})

t.test('the default lists are localhost and the loopback addresses with any port', async (t) => {
  t.same(LOOPBACK_HOSTS, ['127.0.0.1:*', 'localhost:*', '[::1]:*'])
  t.same(LOOPBACK_ORIGINS, ['http://127.0.0.1:*', 'http://localhost:*', 'http://[::1]:*'])
})
