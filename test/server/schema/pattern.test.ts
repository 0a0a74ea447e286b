import t from 'tap'
import { toUnicodePattern } from '../../../lib/server/schema/pattern.ts'

function refusalOf (pattern: string): string {
  try {
    return `repaired: ${toUnicodePattern(pattern)}`
  } catch (error) {
    return String(error)
  }
}

t.test('a pattern that compiles with the flag u stays unchanged', async (t) => {
  for (const pattern of [
    '', '^[a-z]+(?:-[a-z]+)*$', '\\p{L}', '[\\w\\-.]', '\\u{1F600}', '(?<name>a)\\k<name>', 'a{2,}',
    '\\^\\$\\\\\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/'
  ]) {
    t.equal(toUnicodePattern(pattern), pattern)
  }
})

t.test('a pattern that only the flag u forbids is repaired and matches the same texts', async (t) => {
  const texts = [
    'a', '-', '.', '@', '_', ' ', '{', '}', ']', 'a{', 'a{}', 'a{b}', '[a]', '"', "'", 'z9', '-.', '😀', 'aa', '{2}a'
  ]
  const repaired: ReadonlyArray<readonly [pattern: string, expected: string]> = [
    ['^[\\w-.]+$', '^[\\w\\-.]+$'], ['[^\\s-_]', '[^\\s\\-_]'], ['[.-\\d]', '[.\\-\\d]'], ['[\\d-\\w]', '[\\d\\-\\w]'],
    ['\\-', '-'], ['[a\\-z]|\\-', '[a\\-z]|-'],
    ['\\@\\"\\\'\\ ', '@"\' '], ['[\\@]', '[@]'], ['\\😀', '😀'], ['a{', 'a\\{'], ['}', '\\}'], [']', '\\]'],
    ['a{b}', 'a\\{b\\}'], ['a{2}]', 'a{2}\\]'],
    ['[{2}\\@]', '[{2}@]'], ['a{}', 'a\\{\\}'], ['[[]]', '[[]\\]']
  ]

  for (const [pattern, expected] of repaired) {
    t.equal(toUnicodePattern(pattern), expected)
    t.same(
      texts.filter((text) => new RegExp(expected, 'u').test(text)),
      texts.filter((text) => new RegExp(pattern).test(text)),
      pattern
    )
  }
})

t.test('a pattern with foreign or invalid syntax is refused with advice', async (t) => {
  const refused: ReadonlyArray<readonly [pattern: string, advice: string]> = [
    ['\\Aa\\Z', "JavaScript has '^' and '$' instead of '\\A', '\\Z' and '\\z'"],
    ['(?i)a(', "JavaScript has no '(?i)'; write both cases, such as '[Aa]'"],
    ['(?P<name>a)', "JavaScript has '(?<name>…)' instead of '(?P<name>…)', and '\\k<name>' instead of '(?P=name)'"],
    ['a++', "JavaScript has neither possessive quantifiers ('a++') nor atomic groups ('(?>a)')"],
    ['(?>a)', "JavaScript has neither possessive quantifiers ('a++') nor atomic groups ('(?>a)')"],
    ['[[:alpha:]]\\_]', "JavaScript has '\\d', '\\w' and ranges such as 'a-z' instead of classes such as '[:digit:]'"],
    ['a{,5}', "JavaScript has '{0,5}' instead of '{,5}'"],
    ['\\y', "Invalid regular expression: /\\y/u: Invalid escape; write one that new RegExp(pattern, 'u') accepts"],
    ['(a', "Invalid regular expression: /(a/u: Unterminated group; write one that new RegExp(pattern, 'u') accepts"]
  ]

  for (const [pattern, advice] of refused) t.equal(refusalOf(pattern), `TypeError: ${advice}`)
})
