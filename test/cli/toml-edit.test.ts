import t from 'tap'
import { scanTables, setTable, tomlString } from '../../lib/cli/toml-edit.ts'

const PATH = ['mcp_servers', 'notes']
const TABLE = ['[mcp_servers.notes]', 'url = "http://a/"']
const WRITTEN = TABLE.join('\n')

t.test('a table is added at the end', async (t) => {
  t.equal(setTable('', PATH, TABLE), `${WRITTEN}\n`)
  t.equal(setTable('model = "gpt-5" # mine\n', PATH, TABLE), `model = "gpt-5" # mine\n\n${WRITTEN}\n`)
  t.equal(setTable('# only a comment', PATH, TABLE), `# only a comment\n\n${WRITTEN}\n`)
})

t.test('a table of the same path is replaced, with its subtables', async (t) => {
  const text = `model = "gpt-5"

# Notes
[mcp_servers."notes"]
command = "node"
args = [
  "]", # a comment ]
  '''
[x]''',
]

[mcp_servers.other]
url = "http://b/"

[ mcp_servers.notes.env ]
A = "1"

# The last one
[[history]]
at = 2026-11-29 10:00:00Z
`

  t.equal(setTable(text, PATH, TABLE), `model = "gpt-5"

# Notes
${WRITTEN}

[mcp_servers.other]
url = "http://b/"

# The last one
[[history]]
at = 2026-11-29 10:00:00Z
`)
})

t.test('values of all kinds are understood', async (t) => {
  const lines = [
    'a = "\\"" ', "b.c = 'it'", 'd = """\n[no]\n"""', "e = '''\n[no]\n'''",
    'f = { g = [1, { h = "}" }], "i j" = 1 }', 'k = [[1, 2], ["]"]]', 'l = -1.5e3', 'm = inf',
    'n = 1979-05-27T07:32:00-08:00', 'o = 07:32:00', 'p = []', 'q = {}', '"r s" = true', '"\\U0001F600" = "\\u0041"'
  ]
  const text = lines.join('\r\n')

  t.equal(scanTables(text)[0]?.pairs.length, lines.length)
  t.equal(setTable(text, PATH, TABLE), `${text}\n\n${WRITTEN}\n`)
})

t.test('what is not TOML is refused, with the line', async (t) => {
  const wrong = [
    'a', 'a =', 'a = "', 'a = [1', 'a = { b = 1', '[a', '[[a]', '[]', 'a = 1 b = 2', '= 1', 'a = [1 2]', "a = 'b\n'"
  ]
  for (const text of wrong) {
    t.throws(() => setTable(`x = 1\n${text}`, PATH, TABLE), { name: 'SyntaxError', message: /^line 2 / }, text)
  }
})

t.test('a server that is not written as a table can only be changed by hand', async (t) => {
  for (const text of [
    'mcp_servers.notes.url = "a"',
    'mcp_servers = {}',
    '[mcp_servers]\nnotes = { url = "a" }',
    '[mcp_servers]\nnotes.url = "a"'
  ]) {
    t.throws(() => setTable(text, PATH, TABLE), { name: 'SyntaxError', message: /by hand/ }, text)
  }
})

t.test('strings are escaped', async (t) => {
  t.equal(tomlString('C:\\a "b"\n\u007f'), '"C:\\\\a \\"b\\"\\n\\u007f"')
})

t.test('keys in single quotes name a table, too', async (t) => {
  t.equal(setTable("[mcp_servers.'notes']\ncommand = \"node\"\n", PATH, TABLE), `${WRITTEN}\n`)
})

t.test('lines that would change another table are refused', async (t) => {
  t.throws(() => setTable('', PATH, ['[other]']), { message: /can only be changed by hand/ })
})
