import fc from 'fast-check'
import t from 'tap'
import { parseUriTemplate } from '../../lib/protocol/uri-template.ts'

function problemOf (template: string): string | undefined {
  const parsed = parseUriTemplate(template)
  return 'problem' in parsed ? parsed.problem : undefined
}

function namesIn (template: string): readonly string[] | undefined {
  const parsed = parseUriTemplate(template)
  return 'problem' in parsed ? undefined : parsed.variableNames
}

t.test('the variables are listed in order', async (t) => {
  t.same(namesIn('x://{a}/{+b}{/c,d*}{.e}{;f}{?g,h}{&i}{#j.k_1}'), [
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
    'g',
    'h',
    'i',
    'j.k_1'
  ])
  t.same(namesIn('x://{caf%C3%A9}'), ['caf%C3%A9'])
  t.same(namesIn("x://plain/it's/%20/é"), [])
  t.same(namesIn(''), [])
})

t.test('a malformed template has a problem that says what is wrong', async (t) => {
  t.equal(problemOf('x://{a'), "a '{' is not closed")
  t.equal(problemOf('x://{'), "a '{' is not closed")
  t.equal(problemOf('x://a}/{b}'), "a '}' closes nothing")
  t.equal(problemOf('x://{a}}'), "a '}' closes nothing")
  t.equal(problemOf('x://{}'), "the expression '{}' is empty")
  t.equal(problemOf('x://{?}'), "the expression '{?}' is empty")
  t.equal(problemOf('x://{a}/{b,a}'), "the variable 'a' stands twice")
  t.equal(problemOf('x://{__proto__}'), "no variable may have the name '__proto__'")
  t.equal(problemOf('x://{a:3}'), "the value of '{a:3}' cannot be read back, because its prefix modifier cuts it")
  for (const symbol of '=,!@|') t.equal(problemOf(`x://{${symbol}a}`), `the operator '${symbol}' is reserved`)
})

t.test('names have letters, digits, underscores, dots between them and percent-encoded bytes', async (t) => {
  for (const name of ['a-b', 'a b', 'a,', '.a', 'a.', 'a..b', '*', 'a**', 'a{b', 'ä', '%zz', 'a:', '$a', '++a']) {
    t.match(
      problemOf(`x://{+${name}}`),
      / is no variable name; letters, digits, '_' and '\.' between them are allowed$/,
      name
    )
  }
})

t.test('text that a URI must not contain is refused', async (t) => {
  for (const text of ['a b', 'a"b', '<a>', 'a\\b', 'a^b', 'a`b', 'a|b', '%', '%2', '%zz', 'a\nb', '\0', 'a\ud800']) {
    t.equal(problemOf(text), `'${text}' has characters that must be percent-encoded in a URI`)
  }
})

t.test('any text is either parsed or has a problem', async () => {
  const text = fc.string({ unit: fc.constantFrom(...'{}{}abc+#./;?&,*:=%20é\ud800'), maxLength: 20 })

  fc.assert(fc.property(text, (template) => {
    const parsed = parseUriTemplate(template)

    return 'problem' in parsed
      ? parsed.problem !== ''
      : new Set(parsed.variableNames).size === parsed.variableNames.length
  }))
})
