import t from 'tap'
import { readModernMeta, readProgressToken } from '../../lib/protocol/request-meta.ts'

const MODERN = { era: 'modern', protocolVersion: '2026-07-28' }
const CAPABILITIES = { 'io.modelcontextprotocol/clientCapabilities': {} }

function problemOf (params: Parameters<typeof readModernMeta>[0]): string | undefined {
  const meta = readModernMeta(params)
  return 'problem' in meta ? meta.problem : undefined
}

t.test('the _meta of a modern request needs capabilities and nothing else', async (t) => {
  t.equal(problemOf({ _meta: CAPABILITIES }), undefined)
  t.equal(problemOf({
    _meta: {
      ...CAPABILITIES,
      'io.modelcontextprotocol/clientInfo': { name: 'Ann', version: '2' },
      'io.modelcontextprotocol/logLevel': 'notice',
      progressToken: 'p'
    }
  }), undefined)
  t.equal(
    problemOf({
      _meta: { ...CAPABILITIES, 'io.modelcontextprotocol/clientInfo': null, 'io.modelcontextprotocol/logLevel': null }
    }),
    undefined
  )
})

t.test('a modern request without capabilities has a problem that says so', async (t) => {
  for (const _meta of [
    undefined,
    {},
    { 'io.modelcontextprotocol/clientCapabilities': [] },
    { 'io.modelcontextprotocol/clientCapabilities': null }
  ]) {
    t.equal(
      problemOf(_meta === undefined ? {} : { _meta }),
      "'_meta' needs 'io.modelcontextprotocol/clientCapabilities', an object"
    )
  }
})

t.test('a clientInfo without a name and a version has a problem that says so', async (t) => {
  for (const info of ['Ann', [], {}, { name: 'Ann' }, { version: '2' }, { name: 'Ann', version: 2 }]) {
    t.equal(problemOf({ _meta: { ...CAPABILITIES, 'io.modelcontextprotocol/clientInfo': info } }),
      "'io.modelcontextprotocol/clientInfo' in '_meta' must be an object with a name and a version")
  }
})

t.test('an unknown log level has a problem that says so', async (t) => {
  for (const level of ['warn', 'INFO', 3, 'toString']) {
    t.equal(problemOf({ _meta: { ...CAPABILITIES, 'io.modelcontextprotocol/logLevel': level } }),
      "'io.modelcontextprotocol/logLevel' in '_meta' is not a log level")
  }
})

t.test('a progress token is a short string or an integer', async (t) => {
  for (const token of ['', 'a', 0, -3, 'a'.repeat(256)]) {
    t.equal(readProgressToken({ _meta: { progressToken: token } }), token)
  }
  for (const token of [null, 1.5, {}, true, 1e300, 'a'.repeat(257), 'ä'.repeat(129)]) {
    t.equal(readProgressToken({ _meta: { progressToken: token } }), undefined)
  }
  t.equal(readProgressToken({}), undefined)
  t.equal(readProgressToken({ _meta: {} }), undefined)
})

t.test('the client of a modern request and its log level are read from its _meta', async (t) => {
  const info = { name: 'Ann', version: '2' }

  t.strictSame(
    readModernMeta({
      _meta: {
        ...CAPABILITIES,
        'io.modelcontextprotocol/clientInfo': info,
        'io.modelcontextprotocol/logLevel': 'alert'
      }
    }),
    { ...MODERN, client: { info, capabilities: {} }, logLevel: 'alert' }
  )
  t.strictSame(
    readModernMeta({ _meta: { 'io.modelcontextprotocol/clientCapabilities': { sampling: {} } } }),
    { ...MODERN, client: { capabilities: { sampling: {} } }, logLevel: undefined }
  )
})
