import fc from 'fast-check'
import t from 'tap'
import { parseTemplate } from 'url-template'
import { matchUriTemplate } from '../../lib/protocol/uri-template-match.ts'
import { parseUriTemplate, type UriTemplate } from '../../lib/protocol/uri-template.ts'
import { MAX_URI_LENGTH } from '../../lib/protocol/uri.ts'

function parse (template: string): UriTemplate {
  const parsed = parseUriTemplate(template)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

function match (template: string, uri: string): Record<string, string | string[]> | undefined {
  const variables = matchUriTemplate(parse(template), uri)
  return variables && { ...variables }
}

const matching: ReadonlyArray<readonly [template: string, uri: string, values: Record<string, string | string[]>]> = [
  ['x://{id}', 'x://a', { id: 'a' }],
  ['x://{id}', 'x://a%2Fb', { id: 'a/b' }],
  ['x://{id}', 'x://a%252Fb', { id: 'a%2Fb' }],
  ['x://{id}', 'x://bob@example.com', { id: 'bob@example.com' }],
  ['x://{id}', 'x://a,b', { id: 'a,b' }],
  ['x://{id}', 'x://a b', { id: 'a b' }],
  ['x://{id}', 'x://世', { id: '世' }],
  ['x://{id}', 'x://%E4%B8%96', { id: '世' }],
  ['x://é/{id}', 'x://é/a', { id: 'a' }],
  ['x://é/{id}', 'x://%C3%A9/a', { id: 'a' }],
  ['x://{a}/{b}', 'x://1/2', { a: '1', b: '2' }],
  ['x://{a,b}', 'x://1,2', { a: '1', b: '2' }],
  ['x://{a,b}', 'x://1', { a: '1' }],
  ['x://{a}-{b}-{c}', 'x://1-2-3-4', { a: '1-2', b: '3', c: '4' }],
  ['x://{a}{b}', 'x://123', { a: '12', b: '3' }],
  ['x://{list*}', 'x://1,2', { list: ['1', '2'] }],
  ['file:///{+path}', 'file:///a/b.txt', { path: 'a/b.txt' }],
  ['file:///{+path}', 'file:///a,b?c#d', { path: 'a,b?c#d' }],
  ['file:///{+path}{?rev}', 'file:///a/b?rev=1', { path: 'a/b', rev: '1' }],
  ['file:///{+path}{#line}', 'file:///a/b#L1', { path: 'a/b', line: 'L1' }],
  ['x://{+a,b}', 'x://1/2,3', { a: '1/2', b: '3' }],
  ['x://h{/seg*}', 'x://h/a/b/c', { seg: ['a', 'b', 'c'] }],
  ['x://h{/seg*}', 'x://h/a%2Fb', { seg: ['a/b'] }],
  ['x://h{/seg*}', 'x://h', {}],
  ['x://h{/owner,repo}', 'x://h/me/it', { owner: 'me', repo: 'it' }],
  ['x://h{/owner,repo}', 'x://h/me', { owner: 'me' }],
  ['x://h{/owner,repo}/end', 'x://h/me/end', { owner: 'me' }],
  ['x://h{/owner,repo}/end', 'x://h/end', {}],
  ['x://h/{name}{.ext}', 'x://h/a', { name: 'a' }],
  ['x://h/{name}{.ext}', 'x://h/a.tar.gz', { name: 'a.tar', ext: 'gz' }],
  ['x://h/{name}{.ext}', 'x://h/.gitignore', { name: '.gitignore' }],
  ['x://{host}/{name}{.ext}', 'x://example.com/a', { host: 'example.com', name: 'a' }],
  ['x://{id}{;v,w}', 'x://a;w=1;v=2', { id: 'a', v: '2', w: '1' }],
  ['x://{id}{&v}', 'x://a&v=2', { id: 'a', v: '2' }],
  ['x://{+path}{;v}', 'x://a;b/c;v=2', { path: 'a;b/c', v: '2' }],
  ['x://{+path}{/last}', 'x://a/b/c', { path: 'a/b', last: 'c' }],
  ['x://h{.labels*}', 'x://h.a.b', { labels: ['a', 'b'] }],
  ['x://h{.a,b}', 'x://h.1.2', { a: '1', b: '2' }],
  ['x://h{.ext}', 'x://h.tar.gz', { ext: 'tar.gz' }],
  ['x://h{;a,b}/c', 'x://h;b=2;a/c', { a: '', b: '2' }],
  ['x://h{;a}{;b}', 'x://h;a=1;b=2', { a: '1', b: '2' }],
  ['x://h{?q,lang}', 'x://h?q=1&lang=en', { q: '1', lang: 'en' }],
  ['x://h{?q,lang}', 'x://h?lang=en&q=1', { q: '1', lang: 'en' }],
  ['x://h{?q,lang}', 'x://h?lang=en', { lang: 'en' }],
  ['x://h{?q,lang}', 'x://h?q=', { q: '' }],
  ['x://h{?q,lang}', 'x://h?q', { q: '' }],
  ['x://h{?q,lang}', 'x://h?q=a=b', { q: 'a=b' }],
  ['x://h{?q,lang}', 'x://h', {}],
  ['x://h{?list*}', 'x://h?list=1&list=2', { list: ['1', '2'] }],
  ['x://h{?list*}', 'x://h?list=1', { list: ['1'] }],
  ['x://h{?a}{&b}{&c}', 'x://h?c=3&a=1&b=2', { a: '1', b: '2', c: '3' }],
  ['x://h?v=1{&q}', 'x://h?v=1&q=2', { q: '2' }],
  ['x://h{?q}{#frag}', 'x://h?q=1#a/b', { q: '1', frag: 'a/b' }],
  ['x://h{#a,b}', 'x://h#1,2', { a: '1', b: '2' }],
  ['x://a.b/(c)*[d]+$/{id}', 'x://a.b/(c)*[d]+$/1', { id: '1' }],
  ['{a}{b}', 'xy', { a: 'x', b: 'y' }],
  ['{?q}', '?q=1', { q: '1' }],
  ['{/a}', '', {}],
  ['x://plain', 'x://plain', {}],
  ['', '', {}]
]

for (const [template, uri, values] of matching) {
  t.test(`${template} reads ${JSON.stringify(values)} out of ${uri}`, async (t) => {
    t.same(match(template, uri), values)
  })
}

const foreign: ReadonlyArray<readonly [template: string, uri: string]> = [
  ['x://{id}', 'x://'],
  ['x://{id}', 'x://a/b'],
  ['x://{id}', 'x://a?b'],
  ['x://{id}', 'x://a#b'],
  ['x://{id}', 'y://a'],
  ['x://{id}', 'X://a'],
  ['x://{id}', ' x://a'],
  ['x://{id}', 'x://%ZZ'],
  ['x://{id}', 'x://%C0%AE'],
  ['x://{id}', 'x://\ud800'],
  ['x://{id}/end', 'x://a/end/'],
  ['x://{id}/end', 'x://a/endmore'],
  ['x://a.b/{id}', 'x://aXb/1'],
  ['file:///{+path}', 'file:///'],
  ['x://{a}-{b}', 'x://1'],
  ['x://{a}-{b}', 'x://1-'],
  ['x://{a,b}', 'x://1,2,3'],
  ['x://{list*}', 'x://a,%ZZ'],
  ['x://h{/seg}', 'x://h/a/b'],
  ['x://h{/seg}', 'x://h/'],
  ['x://h{?q}', 'x://h?'],
  ['x://h{?q}', 'x://h?q=1&other=2'],
  ['x://h{?q}', 'x://h?q=1&q=2'],
  ['x://h{?q}', 'x://h?q=%ZZ'],
  ['x://h{?q}', 'x://h?q=1&'],
  ['x://h{?q}', 'x://h?constructor=1'],
  ['x://plain', 'x://plainer'],
  ['', 'a']
]

for (const [template, uri] of foreign) {
  t.test(`${template} does not match ${JSON.stringify(uri)}`, async (t) => {
    t.equal(match(template, uri), undefined)
  })
}

t.test('an absent variable is undefined, even one named like a method of Object', async (t) => {
  const variables = matchUriTemplate(parse('x://h{?constructor}'), 'x://h')

  t.equal(variables?.['constructor'], undefined)
})

t.test('a URI beyond the limit never matches, even if only encoding makes it that long', async (t) => {
  t.ok(match('x:{id}', 'x:' + 'a'.repeat(MAX_URI_LENGTH - 2)))
  t.equal(match('x:{id}', 'x:' + 'a'.repeat(MAX_URI_LENGTH - 1)), undefined)
  t.equal(match('x:{id}', 'x:' + '世'.repeat(MAX_URI_LENGTH / 2)), undefined)
})

t.test('every template matches the longest URI in little time', async (t) => {
  const templates = [
    '{a}{b}{c}',
    'x:{a}-{b}-{c}',
    'x:{a}-{b}-{c}-{d}-{e}-{f}!',
    'x:{+a}{+b}{+c}{+d}!',
    'x:{a*}{b*}{c*}/',
    'x:{/a*}{/b*}{/c*}!'
  ]
  const uris = ['a', '-', ',', '/', '%2c', '%61'].map((unit) => 'x:' + unit.repeat(8000 / unit.length) + '?')

  const started = process.cpuUsage()
  for (const template of templates) for (const uri of uris) match(template, uri)
  const { user } = process.cpuUsage(started)

  // A library that backtracks takes minutes for the first of these.
  t.ok(user / (templates.length * uris.length) < 10_000, `${user} microseconds`)
})

t.test('equivalent spellings of a template and a URI match', async (t) => {
  const values = { id: 'a-b' }

  for (const template of ['x://caf%c3%a9/{id}', 'X://café/{id}', 'x://%63af%C3%a9/{id}']) {
    for (const uri of ['x://café/a-b', 'x://caf%c3%a9/%61%2Db', 'x://c%61f%C3%A9/a%2db']) {
      t.same(match(template, uri), values, `${template} and ${uri}`)
    }
  }
  t.same(match('HTTPS://Example.COM:443/{id}', 'https://example.com/a-b'), values)
  t.same(match('HTTPS://{Tenant}.Example.COM/{id}', 'https://Ann.example.com/a-b'), { ...values, Tenant: 'Ann' })
  t.same(match('X://{Tenant}.Example.COM/{id}', 'x://Ann.Example.COM/a-b'), { ...values, Tenant: 'Ann' })
  t.same(match('File:///{+path}', 'file:///a/b'), { path: 'a/b' })
  t.same(match('Files:///{+path}', 'files:///a/b'), { path: 'a/b' })
  t.same(match('FILE:{id}', 'file:a-b'), values)
  t.same(match('http://[{id}', 'http://[a-b'), values)
})

const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })

t.test('the values of a URI expanded by url-template are read back', async () => {
  const values = fc.record({ a: value, b: value, c: value, list: fc.array(value, { minLength: 1, maxLength: 4 }) })
  const templates = [
    'x://{a}/{b}/{c}',
    'x://{a,b,c}',
    'x://h{/a,b}{/list*}',
    'x://h{/list*}{?a,b,c}',
    'x://h{?list*,a}{&b}{#c}',
    'x://h{;a,b,c}',
    'x://{list*}/{a}',
    'x://{a}{?b}{#c}'
  ]

  fc.assert(fc.property(values, fc.constantFrom(...templates), (variables, template) => {
    const parsed = parse(template)
    const read = matchUriTemplate(parsed, parseTemplate(template).expand(variables))

    return parsed.variableNames.every(
      (name) =>
        JSON.stringify(read?.[name]) === JSON.stringify(Object.entries(variables).find(([key]) => key === name)?.[1])
    )
  }))
})

t.test('the values read from a URI expand to the same URI', async () => {
  const uri = fc.string({ unit: fc.constantFrom(...'ab/?&=,.;#-'), maxLength: 24 })
  const templates = ['{a}', '{+a}', '{a}-{b}', '{+a}/{b}', '{a}{/b*}', '{+a}{?b}', '{a}{.b}']

  fc.assert(fc.property(uri, fc.constantFrom(...templates), (text, template) => {
    const read = match(template, text)

    // Values in a URI may be less encoded than an expansion, so both are compared decoded.
    return (
      read === undefined || decodeURIComponent(parseTemplate(template).expand(read)) === text || /\?b(?:$|&)/.test(text)
    )
  }))
})
