// How lib/ is built: the files that a call of a tool passes through, and which folders import which.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Calls, Entered } from './architecture/calls.ts'
import { findCircles, readImports } from './support/import-graph.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The most files that a call of a tool may enter, and the most moves from one file to another. */
const LIMITS: { readonly [Kind in keyof Calls]: { readonly files: number, readonly moves: number } } = {
  modern: { files: 24, moves: 36 },
  authorized: { files: 28, moves: 43 },
  session: { files: 25, moves: 42 },
  cluster: { files: 29, moves: 54 }
}

function recordCalls (): Calls {
  const loaders = ['--import', './test/loader.js', '--import', './test/architecture/marking-loader.js']
  const { PATH } = process.env
  const args = [...loaders, 'test/architecture/calls.ts']
  const output = execFileSync(process.execPath, args, { cwd: ROOT, env: { PATH } })
  return JSON.parse(String(output)) as Calls
}

function countMoves (entered: readonly Entered[]): number {
  return entered.filter(({ file }, index) => index > 0 && file !== entered[index - 1]?.file).length
}

t.test('a tool call stays within the limits of files, and of moves between them', async (t) => {
  const calls = recordCalls()

  for (const [kind, { files, moves }] of Object.entries(LIMITS)) {
    const entered = calls[kind as keyof Calls]
    const names = new Set(entered.map(({ file }) => file))
    t.ok(names.size <= files, `a ${kind} call enters ${names.size} files, of at most ${files}: ${[...names].join(', ')}`)
    t.ok(countMoves(entered) <= moves, `a ${kind} call moves ${countMoves(entered)} times between files, of at most ${moves}`)
  }
})

/**
 * The folders of lib/ that the files of a folder may import, apart from their own. All but protocol/ may import the
 * errors and the smallest helpers, which stand in lib/ itself.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  options: ['protocol'],
  telemetry: ['auth', 'protocol'],
  'telemetry/otel': ['options', 'protocol', 'telemetry'],
  'telemetry/log': ['options', 'protocol', 'telemetry'],
  shares: ['options'],
  store: ['options', 'protocol'],
  redis: ['options', 'protocol', 'store'],
  auth: ['options', 'protocol'],
  oauth: ['auth', 'options', 'protocol', 'shares'],
  'server/schema': ['protocol'],
  'server/call': ['auth', 'options', 'protocol', 'server/schema', 'telemetry'],
  'server/lists': ['options', 'protocol', 'server/call'],
  'server/features': ['options', 'protocol', 'server/call', 'server/lists', 'server/schema'],
  middleware: ['auth', 'options', 'protocol', 'server', 'shares', 'telemetry'],
  server: ['options', 'protocol', 'server/call', 'server/features', 'server/lists', 'server/schema'],
  notify: ['protocol', 'server', 'shares'],
  session: ['auth', 'notify', 'protocol', 'server', 'shares', 'store', 'telemetry'],
  conversation: ['protocol', 'server', 'session', 'shares', 'telemetry'],
  sdk: ['auth', 'protocol', 'server'],
  contracts: ['oauth', 'protocol', 'server', 'store'],
  stdio: ['auth', 'conversation', 'notify', 'options', 'protocol', 'sdk', 'server', 'session', 'telemetry'],
  compose: ['protocol', 'server'],
  routes: ['compose', 'options', 'protocol', 'server'],
  http: [
    'auth', 'conversation', 'notify', 'options', 'protocol', 'routes', 'sdk', 'server', 'session', 'shares', 'store',
    'telemetry'
  ]
}
const FOR_ALL = ['errors.ts', 'do-nothing.ts', 'did-you-mean.ts', 'root.ts', 'ordered-map.ts', 'expiry-queue.ts']

function isBelow (path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path.startsWith(`${folder}/`))
}

/** Returns the innermost folder of the table that a file belongs to. */
function folderOf (file: string): string | undefined {
  return Object.keys(ARROWS).filter((folder) => isBelow(file, [folder])).sort((a, b) => b.length - a.length)[0]
}

t.test('imports between folders point one way', async (t) => {
  const wrong = [...readImports(join(ROOT, 'lib'))].flatMap(([file, imports]) => {
    const folder = folderOf(file)
    if (folder === undefined) return []
    const allowed = [folder, ...ARROWS[folder] ?? []]
    return imports
      .filter((imported) => !isBelow(imported, allowed) && (folder === 'protocol' || !FOR_ALL.includes(imported)))
      .map((imported) => `${file} imports ${imported}`)
  })

  t.strictSame(wrong, [])
})

t.test('nothing but the program and the page of an endpoint imports the explorer', async (t) => {
  const importers = [...readImports(join(ROOT, 'lib'))]
    .filter(([, imports]) => imports.some((imported) => isBelow(imported, ['explorer'])))
    .map(([file]) => file)

  t.strictSame(importers.filter((file) => !isBelow(file, ['cli', 'explorer'])), ['endpoint-page.ts'])
})

t.test('only the files that mount HTTP+SSE import it', async (t) => {
  const folder = ['http/sse-2024']
  const importers = [...readImports(join(ROOT, 'lib'))]
    .filter(([file, imports]) => !isBelow(file, folder) && imports.some((imported) => isBelow(imported, folder)))
    .map(([file]) => file)

  t.strictSame(importers.sort(), [
    'create-mount.ts',
    'http/mount-options.ts',
    'http/option-conflicts.ts',
    'http/resolve-options.ts',
    'index.ts',
    'plugin.ts'
  ])
})

t.test('no files import each other in a circle, not even types', async (t) => {
  t.strictSame(findCircles(readImports(join(ROOT, 'lib'))), [])
})

t.test('the test finds a circle of imports', async (t) => {
  const graph = new Map([['a', ['b']], ['b', ['c', 'd']], ['c', ['a']], ['d', []], ['e', ['e', 'a']]])

  t.same(findCircles(graph).map((circle) => [...circle].sort()), [['a', 'b', 'c'], ['e']])
})
