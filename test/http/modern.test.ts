import fc from 'fast-check'
import t from 'tap'
import { findHeaderMismatch } from '../../lib/http/modern.ts'
import { encodeHeaderValue } from '../../lib/protocol/headers.ts'

function mismatch (
  method: string,
  params: { readonly [key: string]: unknown },
  headers: { readonly [name: string]: string | string[] }
) {
  return findHeaderMismatch({ id: 1, method, params }, headers)
}

t.test('headers that repeat the body agree with it', async (t) => {
  t.equal(mismatch('tools/list', {}, { 'mcp-method': 'tools/list' }), undefined)
  t.equal(mismatch('tools/call', { name: 'add' }, { 'mcp-method': 'tools/call', 'mcp-name': 'add' }), undefined)
  t.equal(mismatch('prompts/get', { name: 'hi' }, { 'mcp-method': 'prompts/get', 'mcp-name': 'hi' }), undefined)
  t.equal(
    mismatch('resources/read', { uri: 'x://1' }, { 'mcp-method': 'resources/read', 'mcp-name': 'x://1' }),
    undefined
  )
})

t.test('Mcp-Method is required and compared exactly', async (t) => {
  t.equal(mismatch('tools/list', {}, {}), "Mcp-Method header is missing, but the body has the value 'tools/list'")
  t.equal(
    mismatch('tools/list', {}, { 'mcp-method': 'Tools/List' }),
    "Mcp-Method header value 'Tools/List' does not match body value 'tools/list'"
  )
  t.equal(mismatch('tools/list', {}, { 'mcp-method': ['tools/list', 'tools/call'] }),
    "Mcp-Method header value 'tools/list,tools/call' does not match body value 'tools/list'")
})

t.test('Mcp-Name is required for methods with a name or URI', async (t) => {
  t.equal(
    mismatch('tools/call', { name: 'add' }, { 'mcp-method': 'tools/call' }),
    "Mcp-Name header is missing, but the body has the value 'add'"
  )
  t.equal(
    mismatch('prompts/get', { name: 'hi' }, { 'mcp-method': 'prompts/get', 'mcp-name': 'Hi' }),
    "Mcp-Name header value 'Hi' does not match body value 'hi'"
  )
  t.equal(
    mismatch('resources/read', { uri: 'x://1' }, { 'mcp-method': 'resources/read', 'mcp-name': ['x://1', 'x://2'] }),
    "Mcp-Name header value 'x://1,x://2' does not match body value 'x://1'"
  )
})

t.test('Mcp-Name is ignored for other methods, and if the body has no name', async (t) => {
  t.equal(mismatch('tools/list', { name: 'add' }, { 'mcp-method': 'tools/list', 'mcp-name': 'sub' }), undefined)
  t.equal(mismatch('tools/call', {}, { 'mcp-method': 'tools/call', 'mcp-name': 'sub' }), undefined)
  t.equal(mismatch('tools/call', { name: 1 }, { 'mcp-method': 'tools/call' }), undefined)
})

t.test('an encoded Mcp-Name is decoded before it is compared', async (t) => {
  const headers = { 'mcp-method': 'prompts/get' }

  t.equal(mismatch('prompts/get', { name: 'grüß' }, { ...headers, 'mcp-name': '=?base64?Z3LDvMOf?=' }), undefined)
  t.equal(mismatch('prompts/get', { name: '=?base64?YQ==?=' }, { ...headers, 'mcp-name': '=?base64?YQ==?=' }),
    "Mcp-Name header value '=?base64?YQ==?=' does not match body value '=?base64?YQ==?='")
  t.equal(mismatch('prompts/get', { name: 'a' }, { ...headers, 'mcp-name': '=?base64?Y?=' }),
    "Mcp-Name header value '=?base64?Y?=' does not match body value 'a'")
})

t.test('an encoded name agrees with its own name and with no other', async () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, other) => {
    const headers = { 'mcp-method': 'tools/call', 'mcp-name': encodeHeaderValue(name) }

    return mismatch('tools/call', { name }, headers) === undefined &&
      (name === other || mismatch('tools/call', { name: other }, headers) !== undefined)
  }))
})

t.test('a long name is cut in the message', async (t) => {
  const name = 'n'.repeat(200)
  const shown = `${'n'.repeat(128)}…`

  t.equal(
    mismatch('tools/call', { name }, { 'mcp-method': 'tools/call', 'mcp-name': `${name}!` }),
    `Mcp-Name header value '${shown}' does not match body value '${shown}'`
  )
})
