// What limits, the cache and the metrics keep does not grow with the number of callers, and of names that callers make
// up. `npm run test:callers` has a million of them.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const CALLERS = Number(process.env['CALLERS'] ?? 20_000)
// An entry of a map with a key of its own takes more.
const BYTES_OF_A_CALLER = 30
// The program imports inner parts, which the bundle has not.
const LOADER = ['--import', new URL('../loader.js', import.meta.url).href]
const PROGRAM = fileURLToPath(new URL('call-as-many.ts', import.meta.url))

// For a million callers.
t.setTimeout(600_000)

t.test('memory and labels stay bounded, however many callers there are', async (t) => {
  // tap follows every promise, which would take most of the time.
  const env = { ...process.env, _TAPJS_PROCESSINFO_COVERAGE_: '0' }
  const output = execFileSync(process.execPath, [...LOADER, PROGRAM, String(CALLERS)], { env, encoding: 'utf8' })
  const { grown, series } = JSON.parse(output) as { readonly grown: number, readonly series: readonly object[] }

  t.ok(grown < CALLERS / 2 * BYTES_OF_A_CALLER, `half of ${CALLERS} callers took ${grown} bytes`)
  t.match(series, [{ 'gen_ai.tool.name': 'find' }, { 'gen_ai.tool.name': '_other' }])
  t.notMatch(JSON.stringify(series), /_\d|method\/\d/)
  t.ok(series.length < 20)
})
