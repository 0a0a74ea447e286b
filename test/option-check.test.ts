import t from 'tap'
import { findOptionProblem, isBoolean, isCount, isFunction, isHttpUrl, isScopes, isText, isTextOrTexts, isUrl, isUrls, optional, type Check } from '../lib/option-check.ts'

t.test('each check lets pass what it is for, and says what to write in place of all else', async (t) => {
  const checks: ReadonlyArray<readonly [check: Check, problem: string, right: readonly unknown[], wrong: readonly unknown[]]> = [
    [isFunction, 'must be a function', [() => {}], [undefined, {}, 'f']],
    [isBoolean, 'must be true or false', [true, false], [undefined, 0, 'true']],
    [isText, 'must be a string that is not empty', ['a'], [undefined, '', 1, ['a']]],
    [isCount, 'must be a whole number above 0', [1, 1e6], [undefined, 0, -1, 1.5, NaN, Infinity, '1']],
    [isUrl, "must be an absolute URL, such as 'https://auth.example.com'", ['https://a.example', 'http://a.example/b'], [undefined, '/a', 'ftp://a.example', 'https:a.example', 'https:/a.example', 'https:///a.example', 'https:\\\\a.example', 'https://a.example\\b', ' https://a.example', 'https://a.ex\tample', 'https://[::1', new URL('https://a.example')]],
    [isUrls, "must be an array of URLs, such as ['https://auth.example.com']", [['https://a.example']], [undefined, [], ['a'], 'https://a.example']],
    [isTextOrTexts, 'must be a string or an array of strings', ['a', ['a', 'b']], [undefined, '', [], ['']]],
    [isScopes, "must be an array of scopes, such as ['notes:read']", [[], ['a', 'b:c']], [undefined, 'a', ['a b'], ['']]]
  ]

  for (const [check, problem, right, wrong] of checks) {
    for (const value of right) t.equal(check(value), undefined)
    for (const value of wrong) t.equal(check(value), problem)
    t.equal(optional(check)(undefined), undefined)
    t.equal(optional(check)(null), problem)
  }
  t.same(['https://a.example', 'a'].map(isHttpUrl), [true, false])
})

t.test('of an object of options the first that is unknown, missing or wrong is found', async (t) => {
  const checks = { name: isText, count: optional(isCount) }

  t.equal(findOptionProblem({ name: 'a', count: 1 }, checks), undefined)
  t.equal(findOptionProblem({ name: 'a', count: undefined }, checks), undefined)
  t.same(findOptionProblem({ name: 'a', size: 1 }, checks), { name: 'size', problem: 'does not exist; there may be name, count' })
  t.same(findOptionProblem({ count: 0 }, checks), { name: 'name', problem: 'must be a string that is not empty' })
  t.same(findOptionProblem({ name: 'a', count: 0 }, checks), { name: 'count', problem: 'must be a whole number above 0' })
})
