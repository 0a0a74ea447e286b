import fc from 'fast-check'
import t from 'tap'
import { canonicalUri, encodeUri, MAX_URI_LENGTH, normalizeEscapes } from '../../lib/protocol/uri.ts'

t.test('escapes are normalized, and characters that a URI must not contain are escaped', async (t) => {
  t.equal(normalizeEscapes('docs://shop/caf%c3%a9'), 'docs://shop/caf%C3%A9')
  t.equal(normalizeEscapes('docs://shop/café'), 'docs://shop/caf%C3%A9')
  t.equal(normalizeEscapes('x:%41%7e%2d%2E%5f%30'), 'x:A~-._0')
  t.equal(normalizeEscapes('x:%2f%3a%25%20'), 'x:%2F%3A%25%20')
  t.equal(normalizeEscapes('x:a b\\"<>^`{|}\n'), 'x:a%20b%5C%22%3C%3E%5E%60%7B%7C%7D%0A')
  t.equal(normalizeEscapes('x:%zz%'), 'x:%zz%')
  t.equal(normalizeEscapes('x:\ud800'), undefined)
})

t.test('encoding a URI does not change the parts that are valid already', async (t) => {
  t.equal(encodeUri('docs://shop/my café'), 'docs://shop/my%20caf%C3%A9')
  t.equal(encodeUri('HTTPS://Shop/%7e?a=[b]#c'), 'HTTPS://Shop/%7e?a=[b]#c')
  for (const text of ['x:%', 'x:100% sure', 'x:%2', 'x:%zz', 'x:\udc00']) t.equal(encodeUri(text), undefined, text)
})

t.test('all spellings of a URI have one canonical form', async (t) => {
  const spellings = {
    'docs://shop/caf%C3%A9': [
      'docs://shop/café',
      'docs://shop/caf%c3%a9',
      'DOCS://shop/%63afé',
      'docs://shop/./café',
      'docs://shop/x/%2e%2E/café'
    ],
    'docs://Shop/my%20docs': ['docs://Shop/my docs', 'docs://Shop/my%20doc%73'],
    'https://example.com/': [
      'https://example.com',
      'HTTPS://Example.COM:443',
      'https://example.com/.',
      'https://ex%61mple.com/'
    ],
    'file:///a/b': ['file:/a/b', 'file://localhost/a/b', 'file:///a/%62', 'file:///x/../a/b'],
    'urn:isbn:1': ['URN:isbn:1', 'urn:isb%6E:1']
  }

  for (const [canonical, others] of Object.entries(spellings)) {
    for (const uri of [canonical, ...others]) t.equal(canonicalUri(uri), canonical, uri)
  }
})

t.test('different URIs have different canonical forms', async (t) => {
  for (const [one, other] of [
    ['x:a/b', 'x:a%2Fb'],
    ['x://a/B', 'x://a/b'],
    ['x://A/b', 'x://a/b'],
    ['x:a?b', 'x:a%3Fb'],
    ['x://a', 'x://a/']
  ] as const) {
    t.not(canonicalUri(one), canonicalUri(other), `${one} and ${other}`)
  }
})

t.test('a text that is too long or not an absolute URI has no canonical form', async (t) => {
  for (const text of ['', ' ', 'notes', '/a', '//a/b', '1:a', 'http://', 'http://%zz/', 'x:\ud800']) {
    t.equal(canonicalUri(text), undefined, text)
  }
  t.equal(canonicalUri(`x:${'a'.repeat(MAX_URI_LENGTH - 2)}`)?.length, MAX_URI_LENGTH)
  t.equal(canonicalUri(`x:${'a'.repeat(MAX_URI_LENGTH - 1)}`), undefined)
  t.equal(canonicalUri(`x:${'é'.repeat(MAX_URI_LENGTH / 6 + 1)}`), undefined)
})

t.test('the canonical form of any text is its own canonical form', async () => {
  const text = fc.string({
    unit: fc.constantFrom(
      'x:',
      'http:',
      'file:',
      '/',
      '..',
      '.',
      '%2e',
      '%2F',
      '%41',
      '%zz',
      'é',
      ' ',
      '\\',
      '?',
      '#',
      'A',
      '@',
      ':',
      "'",
      '[',
      '|'
    ),
    maxLength: 12
  })

  fc.assert(fc.property(text, (uri) => {
    const canonical = canonicalUri(uri)
    return canonical === undefined || canonicalUri(canonical) === canonical
  }), { numRuns: 2000 })
})
