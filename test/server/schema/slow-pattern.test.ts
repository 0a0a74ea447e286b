import t from 'tap'
import * as z from 'zod'
import { isSlowPattern } from '../../../lib/server/schema/slow-pattern.ts'
import { listPatterns } from '../../../lib/server/schema/schema-patterns.ts'

const SLOW = [
  '^(a+)+$', '(a|a)*$', '^(\\w+\\s?)*$', '(.*)*x', '^(a|aa)+$', '(x+x+)+y', '^(a+?)+?$', '^(?:a*)*$',
  '^(?:(?:a|b)*c?)*$', '^(([a-z]+)-?)+$',
  // The two alternatives share only some characters.
  '^(?:[a-z]|[a-z0-9])*$', '^(?:[a-m]|[m-z])*$', '^"(?:[^"]|\\\\.)*"$', '^(?:\\u{e0}|[\\u00e0-\\u00ff])*$',
  '^(?:.|[\\p{Lu}])*$',
  // The repetition is bounded, but not enough.
  '^(\\w{1,20}){1,20}$', '^(a?){30}a{30}$', '^(?:[a-z]{1,100} ?){1,100}$', '^(?:(?:a+)+b)?c$', '^(?=(?:a+)+b)a',
  '^(?!(?:a+)+b)a',
  // These take polynomial time, so they are slow only without a maxLength.
  '\\s+$', '^\\d+\\d+$', '^.*a.*a.*$', '^\\s*(.+?)\\s*$', '^(a+)\\1+$', '^(?<twice>.*)\\k<twice>$',
  '^SELECT .* FROM .* WHERE .*$', '\\[(.*?)\\]\\((.*?)\\)',
  '/\\*(?:[^*]|\\*(?!/))*\\*/', '<(.+)>.*</\\1>', 'x*$', '.*.*a+$',
  // A pattern for e-mail addresses from a well-known list of slow patterns.
  '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$'
]

const QUICK = [
  '', '^$', 'abc', '^\\d+$', '^[a-z0-9]+(?:-[a-z0-9]+)*$', '^[A-Za-z]+(?: [A-Za-z]+)*$', '^[^,]*(,[^,]*)*$',
  '^(/[^/]+)+$', '^((a+)(b+))+$', '(?:a+)+', '(a|aa)+',
  '^(a{1,5}){1,5}$', '^(?:.|\\n)*$', '^(?:.|\\s)*$', '^"(?:[^"\\\\]|\\\\.)*"$',
  '^(?=.*\\d)(?=.*[a-z])(?=.*[A-Z]).{8,}$', '^\\p{L}+(?:[ \'-]\\p{L}+)*$',
  '^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$',
  '^(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$){4}$', '^[a-z]{1,64}@[a-z.]{1,255}$',
  '^(?:\\d{3}){10}$', '^a{2,}?b$', '^(?:ab)+?c$', '^a+?$', '^(?<=b)a+$', '^(?<!b)(a)\\1$', '^(?:(b)|a)\\1+$',
  '^(?:(b)|a)+\\1c*$', 'b+(a?)\\1', '^[]a+$', '\\B\\x41\\cJ$', '\\bx+\\b!', '.*x$', '.*?x$', '^\\ud83d\\ude00+$',
  '^(?:\\d{1,200}){2}$',
  '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)' +
    '(?:-((?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?' +
    '(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$'
]

t.test('patterns that backtrack catastrophically are found', async (t) => {
  for (const pattern of SLOW) t.equal(isSlowPattern(pattern, Infinity), true, pattern)
})

t.test('patterns without catastrophic backtracking are not reported', async (t) => {
  for (const pattern of QUICK) t.equal(isSlowPattern(pattern, Infinity), false, pattern)
})

t.test("none of zod's own patterns is judged slow", async (t) => {
  const { emoji, datetime, time, uuid, ...regexes } = z.core.regexes
  const constants = Object.values(regexes).flatMap((regex) => regex instanceof RegExp ? [regex.source] : [])
  const schemas = [
    z.iso.datetime({ offset: true }), z.iso.datetime({ local: true, precision: 3 }), z.iso.time(), z.uuid(), z.emoji(),
    z.email(), z.base64(), z.ipv6(), z.cuid(), z.url(),
    z.string().includes('a'), z.string().startsWith('a'), z.string().endsWith('a'), z.string().lowercase(),
    z.templateLiteral([z.string(), '-', z.number()])
  ]
  const rendered = schemas.flatMap((schema) => listPatterns(z.toJSONSchema(schema))).map(({ pattern }) => pattern)
  const compiled = [...constants, ...rendered].filter((pattern) => {
    // One of zod's patterns does not compile with the flag 'u', so it is repaired first.
    try { return new RegExp(pattern, 'u') } catch { return false }
  })

  t.ok(compiled.length > 50)
  for (const pattern of compiled) t.equal(isSlowPattern(pattern, Infinity), false, pattern)
})

t.test('maxLength makes polynomial patterns acceptable, and exponential ones only if it is very small', async (t) => {
  const bounded = (maxLength: number): boolean[] => ['\\s+$', '^.*,.*,.*$', '^.*,.*,.*,.*$', '^(a+)+$']
    .map((pattern) => isSlowPattern(pattern, maxLength))

  t.same(bounded(4), [false, false, false, false])
  t.same(bounded(10), [false, false, false, false])
  t.same(bounded(40), [false, false, false, true])
  t.same(bounded(100), [false, false, false, true])
  t.same(bounded(1_000), [false, true, true, true])
  t.same(bounded(100_000), [true, true, true, true])
})

t.test('a pattern of many loops, or nested deeply, is judged, unless it is very long', async (t) => {
  const loops = Array.from({ length: 60 }, (_, index) => `(?:[a-z]{1,5}-){1,5}${index}`).join('|')

  t.equal(isSlowPattern(`^(?:${loops})$`, Infinity), false)
  t.equal(isSlowPattern(`^(?:${'(?:'.repeat(300)}a${')*'.repeat(300)})$`, Infinity), true)
  t.equal(isSlowPattern(`^(a+)+$|${'b+'.repeat(900)}`, Infinity), true)
  t.equal(isSlowPattern(`^(a+)+$|${'b'.repeat(2000)}`, Infinity), false)
})
