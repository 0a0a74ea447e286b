import t from 'tap'
import { parseAuthority, parseEntry } from '../../../lib/http/guard/authority.ts'

t.test('every spelling of a host is parsed to the same name', async (t) => {
  for (const text of ['api.example.com', 'API.Example.COM', 'api.example.com.', 'Api.Example.Com.']) {
    t.same(parseAuthority(text), { scheme: '', name: 'api.example.com', port: '' }, text)
  }
  for (const text of ['https://api.example.com', 'HTTPS://API.EXAMPLE.COM', 'https://api.example.com:443', 'https://api.example.com.:00443']) {
    t.same(parseAuthority(text), { scheme: 'https://', name: 'api.example.com', port: '' }, text)
  }
  t.same(parseAuthority('[2001:DB8::1]:08080'), { scheme: '', name: '[2001:db8::1]', port: '8080' })
})

t.test('only the default port of the scheme is dropped', async (t) => {
  for (const [text, port] of [
    ['http://a.example:80', ''], ['http://a.example:443', '443'], ['https://a.example:80', '80'], ['ws://a.example:80', ''], ['wss://a.example:443', ''],
    ['app://a.example:80', '80'], ['a.example:80', '80'], ['a.example:443', '443'], ['a.example:0', '0'], ['a.example:65535', '65535']
  ] as const) t.equal(parseAuthority(text)?.port, port, text)
})

t.test('a trailing dot is kept after localhost and IP addresses, and dropped after other names', async (t) => {
  for (const text of ['localhost.', '127.0.0.1.', '10.0.0.7.:80', 'http://localhost.']) t.ok(parseAuthority(text)?.name.endsWith('.'), text)
  t.equal(parseAuthority('build-pc.')?.name, 'build-pc')
  t.equal(parseAuthority('v1.example.')?.name, 'v1.example')
})

t.test('a text that is not exactly a host is not parsed', async (t) => {
  for (const text of [
    '',
    ':',
    ':80',
    'a.example:',
    'a.example:x',
    'a.example:-1',
    'a.example:+1',
    'a.example:1e3',
    'a.example:0x50',
    'a.example:8 0',
    'a.example:65536',
    'a.example:99999',
    'a.example:123456',
    'a.example:80:80',
    'a.example:*',
    '*',
    '*.example',
    'a.example/',
    'a.example?',
    'a.example#',
    'a.example\\',
    'a.example\t',
    ' a.example',
    'a.example, b.example',
    'user@a.example',
    'user:80@a.example',
    'a%2eexample',
    'a.éxample',
    'a。example',
    '::1',
    '[::1',
    '::1]',
    '[::1]x',
    '[::1%25lo]',
    '[v1.a]',
    '[]',
    'http://',
    'http:a.example',
    '//a.example',
    'http:///a.example',
    'http://a.example/',
    'http://a.example http://b.example',
    'http://http://a.example',
    '1http://a.example',
    'a.example\n'
  ]) {
    t.equal(parseAuthority(text), undefined, JSON.stringify(text))
  }
})

t.test("an entry of an option may have '*' as its port, and an international name", async (t) => {
  t.same(parseEntry('localhost:*'), { scheme: '', name: 'localhost', port: '*' })
  t.same(parseEntry('http://[::1]:*'), { scheme: 'http://', name: '[::1]', port: '*' })
  t.same(parseEntry('Bücher.example:8080'), { scheme: '', name: 'xn--bcher-kva.example', port: '8080' })
  t.same(parseEntry('https://bücher.example'), { scheme: 'https://', name: 'xn--bcher-kva.example', port: '' })
  for (const text of ['*', '*:*', '*.bücher.example', 'bücher.example/', 'user@bücher.example', '\ufffd']) {
    t.equal(parseEntry(text), undefined, text)
  }
})
