// docs/options.md has every option of a mount, with its default and a link to the page that explains it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import { resolveOptions } from '../../lib/http/resolve-options.ts'
import { root } from './code.ts'

const page = readFileSync(join(root, 'docs/options.md'), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| (.*?) \| (.*) \|$/gm)]
  .map(([, name = '', fallback = '', effect = '']) => ({ name, fallback, effect }))
const server = new McpServer({ name: 'Notes', version: '1.0.0' })

/** The options that there are, as the refusal of a misspelled one lists them. */
function listOptions (): string[] {
  try {
    resolveOptions({ server, pth: '/mcp' } as { server: McpServer })
  } catch (error) {
    return String(error).replace(/.*the options are (.*); did you mean 'path'\?$/, '$1').split(', ')
  }
  throw new Error('a misspelled option was not refused')
}

t.test('the tables have every option once', async (t) => {
  t.same(rows.map(({ name }) => name).sort(), listOptions().sort())
})

t.test('the defaults are those of the code', async (t) => {
  const defaults = resolveOptions({ server })
  const [values, words] = [rows.filter(isValue), rows.filter((row) => !isValue(row))]

  for (const { name, fallback } of values) {
    t.same(
      JSON.parse(fallback.replaceAll('`', '').replaceAll("'", '"')),
      defaults[name as keyof typeof defaults],
      `the default of ${name}`
    )
  }
  t.same(Object.fromEntries(words.map(({ name, fallback }) => [name, fallback])), {
    server: 'required',
    name: "the server's name",
    constraints: 'none',
    publicUrl: 'none',
    auth: 'none',
    routes: 'none',
    hooks: 'none',
    config: 'none',
    logLevel: "the app's",
    eventStore: 'none',
    retryInterval: "the client's",
    cluster: 'none',
    maxSessionsPerPrincipal: 'a tenth of `maxSessions`',
    maxSessionsPerAddress: 'none',
    maxStreamsPerPrincipal: 'a tenth of `maxStreams`',
    maxStreamsPerAddress: 'none',
    maxCallsInFlightPerPrincipal: 'a tenth of `maxCallsInFlight`',
    maxCallsInFlightPerAddress: 'none',
    maxCallsInFlightPerSession: 'none',
    maxWatchedPerPrincipal: 'a tenth of `maxWatchedTotal`',
    maxWatchedPerAddress: 'none'
  })
})

function isValue ({ fallback }: { readonly fallback: string }): boolean {
  return fallback.startsWith('`')
}

t.test('every option is explained on a page', async (t) => {
  t.same(rows.filter(({ effect }) => !/\]\((?!api\/)[\w-]+\.md(#[\w-]+)?\)/.test(effect)).map(({ name }) => name), [])
})
