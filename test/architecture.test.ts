// How lib/ is built: the files that a call of a tool passes through.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Calls, Entered } from './architecture/calls.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

/** The most files that a call of a tool may enter, and the most moves from one file to another. */
const LIMITS: { readonly [Kind in keyof Calls]: { readonly files: number, readonly moves: number } } = {
  modern: { files: 32, moves: 45 },
  authorized: { files: 35, moves: 53 },
  session: { files: 33, moves: 52 },
  cluster: { files: 38, moves: 66 }
}

function recordCalls (): Calls {
  const loaders = ['./test/loader.js', './test/architecture/marking-loader.js'].flatMap((loader) => ['--import', loader])
  const { PATH } = process.env
  const output = execFileSync(process.execPath, [...loaders, 'test/architecture/calls.ts'], { cwd: ROOT, env: { PATH } })
  return JSON.parse(String(output)) as Calls
}

function countMoves (entered: readonly Entered[]): number {
  return entered.filter(({ file }, index) => index > 0 && file !== entered[index - 1]?.file).length
}

t.test('a call of a tool enters few files, and moves between them seldom', async (t) => {
  const calls = recordCalls()

  for (const [kind, { files, moves }] of Object.entries(LIMITS)) {
    const entered = calls[kind as keyof Calls]
    const names = new Set(entered.map(({ file }) => file))
    t.ok(names.size <= files, `a ${kind} call enters ${names.size} files, of at most ${files}: ${[...names].join(', ')}`)
    t.ok(countMoves(entered) <= moves, `a ${kind} call moves ${countMoves(entered)} times between files, of at most ${moves}`)
  }
})
