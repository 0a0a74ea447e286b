import t from 'tap'
import { coversResource } from '../../lib/auth/resource.ts'

const ID = 'https://api.example.com/plain/mcp'

t.test('the case of scheme and host, and one slash at the end, do not matter in an audience', async (t) => {
  for (const audience of [
    ID,
    `${ID}/`,
    'HTTPS://API.example.COM/plain/mcp',
    'https://API.EXAMPLE.COM/plain/mcp/',
    ['other', ID],
    [7, `${ID}/`]
  ]) {
    t.ok(coversResource(audience, [ID]), String(audience))
  }
  t.ok(coversResource(ID, ['https://Api.Example.com/plain/mcp/']), 'what is accepted is folded in the same way')
  t.ok(coversResource('http://[2001:DB8::1]:8000', ['http://[2001:db8::1]:8000/']))
})

t.test('an audience that only a URL parser would turn into the resource does not match it', async (t) => {
  for (const audience of [
    'https://api.example.com/public/../plain/mcp',
    'https://api.example.com/./plain/mcp',
    'https://api.example.com/public/%2e%2e/plain/mcp',
    'https://api.example.com/public/..\\plain/mcp',
    'https://api.example.com\\plain\\mcp',
    'https:api.example.com/plain/mcp',
    'https:/api.example.com/plain/mcp',
    'https:///api.example.com/plain/mcp',
    'https:\\\\api.example.com\\plain\\mcp',
    'https://api.example.com\t/plain/mcp',
    'https://api.example.com/pl\nain/mcp',
    'ht\ntps://api.example.com/plain/mcp',
    ' https://api.example.com/plain/mcp',
    'https://api.example.com/plain/mcp ',
    '\u0000https://api.example.com/plain/mcp',
    'https://api%2eexample.com/plain/mcp',
    'https://api.example.com./plain/mcp',
    'https://api。example.com/plain/mcp',
    'https://apı.example.com/plain/mcp',
    'https://api.example.com:443/plain/mcp',
    'https://api.example.com:/plain/mcp',
    'https://@api.example.com/plain/mcp',
    'https://user@api.example.com/plain/mcp',
    'https://api.example.com@evil.example/plain/mcp',
    'https://evil.example/https://api.example.com/plain/mcp',
    'https://api.example.com/plain/mcp//',
    'https://api.example.com//plain/mcp',
    'https://api.example.com/PLAIN/mcp',
    'https://api.example.com/pl%61in/mcp',
    'https://api.example.com/plain/mcp?',
    'https://api.example.com/plain/mcp#',
    'https://api.example.com/plain/mcp/?/',
    'http://api.example.com/plain/mcp',
    'api.example.com/plain/mcp',
    '',
    '/',
    undefined,
    null,
    7,
    {},
    { toString: () => ID },
    [[ID]],
    [`${ID},${ID}`]
  ]) { t.notOk(coversResource(audience, [ID]), JSON.stringify(audience)) }
})

t.test('an audience that is not a URL is compared exactly', async (t) => {
  t.ok(coversResource('notes', ['notes']))
  for (const audience of ['Notes', 'notes/', ' notes']) t.notOk(coversResource(audience, ['notes']), audience)
  t.ok(coversResource('urn:Example:notes', ['urn:Example:notes']))
  t.notOk(coversResource('urn:example:notes', ['urn:Example:notes']))
  t.ok(coversResource('https://User@api.example.com', ['https://User@api.example.com']))
  t.notOk(coversResource('https://user@api.example.com', ['https://User@api.example.com']))
})
