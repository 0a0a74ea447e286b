import t from 'tap'
import {
  duration, flag, func, headerValue, isHttpUrl, kind, nested, object, oneOf, orFalse, required, scopes, switchable,
  text, texts, url, urls, WHICH, whole
} from '../../lib/options/checks.ts'
import type { Option } from '../../lib/options/table.ts'

type Values = readonly unknown[]
type Case = readonly [option: Option<never, unknown>, problem: string, right: Values, wrong: Values]

const DURATION = 'must be a whole number of milliseconds from 0 (none) to 2147483647'

t.test('each kind of option accepts its values, and says what to write in place of any other', async (t) => {
  const httpUrl = "must be an absolute URL, such as 'https://auth.example.com'"
  const notUrls = [
    '/a', 'ftp://a.example', 'https:a.example', 'https:/a.example', 'https:///a.example', 'https:\\\\a.example',
    'https://a.example\\b', ' https://a.example', 'https://a.ex\tample', 'https://[::1', new URL('https://a.example')
  ]
  const kinds: readonly Case[] = [
    [func(), 'must be a function', [() => {}], [{}, 'f']],
    [func('must be a function (ctx) => boolean'), 'must be a function (ctx) => boolean', [() => {}], [{}]],
    [object(), 'must be an object', [{}, []], ['a', () => {}]],
    [flag(), 'must be true or false', [true, false], [0, 'true']],
    [text(), 'must be a string that is not empty', ['a'], ['', 1, ['a']]],
    [texts(), 'must be a string or an array of strings', ['a', ['a', 'b']], ['', [], ['']]],
    [whole(), 'must be a whole number above 0', [1, 1e6], [0, -1, 1.5, NaN, Infinity, '1']],
    [duration(), DURATION, [0, 1, 2 ** 31 - 1], [-1, 0.5, NaN, Infinity, 2 ** 31, '1']],
    [url(), httpUrl, ['https://a.example', 'http://a.example/b'], notUrls],
    [urls(), "must be an array of URLs, such as ['https://auth.example.com']",
      [['https://a.example']], [[], ['a'], 'https://a.example']],
    [scopes(), "must be an array of scopes, such as ['notes:read']", [[], ['a', 'b:c']], ['a', ['a b'], ['']]],
    [headerValue(), 'must be a string of visible ASCII characters, with spaces between them at most',
      ['Basic realm="a"'], ['', ' a', 'a\n', 'ä', 1]],
    [oneOf('a', 'b'), "must be 'a' or 'b'", ['a', 'b'], ['c', ['a'], 1]]
  ]

  for (const [option, problem, right, wrong] of kinds) {
    for (const value of right) t.equal(option.check(value), undefined)
    for (const value of [undefined, null, ...wrong]) t.equal(option.check(value), problem)
    t.notOk(option.isRequired)
    t.ok(required(option).isRequired)
  }
  t.same(['https://a.example', 'a'].map(isHttpUrl), [true, false])
})

t.test('an option that is left out has its default, or is undefined where it has none', async (t) => {
  t.same([whole().complete(undefined), whole(5).complete(undefined), whole(5).complete(7)], [undefined, 5, 7])
  t.same([flag(true).complete(undefined), flag(true).complete(false)], [true, false])
  t.equal(kind<null | string>(() => undefined)('a').complete(null), null)
})

t.test('an option that consists of options has the default of each, and names the one that is wrong', async (t) => {
  const option = nested({ ttl: duration(5), id: required(text()) }, 'must be an object with an id')

  t.same(option.complete({ id: 'a' }), { ttl: 5, id: 'a' })
  t.equal(option.check({ id: 'a' }), undefined)
  t.equal(option.check(1), 'must be an object with an id')
  t.equal(option.check({}), "has an 'id' that must be a string that is not empty")
  t.equal(option.check({ id: 'a', ttl: -1 }), `has a 'ttl' that ${DURATION}`)
  t.equal(option.check({ id: 'a', age: 1 }), "has an 'age' that does not exist; the options are ttl, id")
})

t.test('a problem with an option that consists of options may be put in other words', async (t) => {
  const option = nested({ path: text('/a') }, 'must be an object', WHICH)

  t.equal(option.check({ path: 1 }), "has 'path', which must be a string that is not empty")
  t.equal(option.check({ paths: 1 }), "has 'paths', which does not exist; the options are path")
})

t.test('an option may be switched on with its defaults, or off', async (t) => {
  const option = nested({ ttl: duration(5) }, 'must be an object')
  const off = orFalse(option)
  const on = switchable(option)

  t.same([off.complete(undefined), off.complete(false), off.complete({ ttl: 1 })], [{ ttl: 5 }, false, { ttl: 1 }])
  t.same([on.complete(undefined), on.complete(false)], [false, false])
  t.same([on.complete(true), on.complete({}), on.complete({ ttl: 1 })], [{ ttl: 5 }, { ttl: 5 }, { ttl: 1 }])
  t.same([true, false, {}].map(off.check), ['must be an object', undefined, undefined])
  t.same([true, false, {}, 1].map(on.check), [undefined, undefined, undefined, 'must be an object'])
})
