import t from 'tap'
import { clean, cleanJson, cleanLine } from '../../lib/cli/clean.ts'
import { formatStack, wrap } from '../../lib/cli/terminal.ts'
import { layTable } from '../../lib/cli/table.ts'
import { createTestTerminal } from './terminal.ts'

t.test('control sequences and invisible characters are removed from text', async (t) => {
  const evil = 'a\u001b[2Jb\u001b]0;title\u0007c\u009b31md\re\u202ef\u0008g\nh\ti'

  t.equal(clean(evil), 'abcdefg\nh\ti')
  t.equal(cleanLine(` ${evil} `), 'abcd efg h i')
})

t.test('control characters are escaped in JSON', async (t) => {
  const value = { 'a\u009b': 'b\u001b[2J\u202e', c: ['\n'] }

  const text = cleanJson(value)

  t.equal(text, '{\n  "a\\u009b": "b\\u001b[2J\\u202e",\n  "c": [\n    "\\n"\n  ]\n}')
  t.same(JSON.parse(text), value)
})

t.test('lines are broken between words, and a long word gets a line of its own', async (t) => {
  t.same(wrap('one two three', 8), ['one two', 'three'])
  t.same(wrap('extraordinary is one', 6), ['extraordinary', 'is one'])
})

t.test('colours depend on the terminal, FORCE_COLOR and NO_COLOR', async (t) => {
  const bold = (options: Parameters<typeof createTestTerminal>[0]): string =>
    createTestTerminal(options).terminal.bold('x')

  t.equal(bold({}), 'x')
  t.equal(bold({ isTTY: true, env: { NO_COLOR: '1' } }), 'x')
  t.equal(bold({ isTTY: true, env: { TERM: 'dumb' } }), 'x')
  t.equal(bold({ isTTY: true, env: { NO_COLOR: '' } }), '\u001b[1mx\u001b[22m')
})

t.test('the number of columns is limited in both directions', async (t) => {
  t.equal(createTestTerminal({ columns: 300 }).terminal.columns, 100)
  t.equal(createTestTerminal({ columns: 10 }).terminal.columns, 40)
  t.equal(createTestTerminal({ columns: 0 }).terminal.columns, 80)
})

t.test('descriptions stand beside their names, or below a name that is too long', async (t) => {
  const { terminal } = createTestTerminal({ columns: 40 })
  const entries = [
    { name: 'add', text: 'Add two numbers,\nwhatever they are.', details: ['a: number', 'b: number'] },
    { name: 'something\u001b[2J', text: '' },
    { name: 'a-name-that-is-too-long-for-its-column', text: 'Long.' }
  ]

  t.same(layTable('Tools', entries, terminal), [
    'Tools',
    '  add                       Add two numbers,',
    '                            whatever they are.',
    '                            a: number',
    '                            b: number',
    '  something',
    '  a-name-that-is-too-long-for-its-column',
    '                            Long.',
    ''
  ])
  t.same(layTable('Tools', [], terminal), [])
})

t.test("a formatted stack has frames in the user's files only", async (t) => {
  const error = new Error('broken')
  error.stack =
    'Error: broken\n    at tool (/home/me/server.ts:1:2)\n    at run (/home/me/node_modules/x/y.js:1:2)\n    at ' +
      'node:internal/x:1:2'

  t.equal(formatStack(error), 'Error: broken\n    at tool (/home/me/server.ts:1:2)')
  t.equal(formatStack('thrown'), 'thrown')
})
