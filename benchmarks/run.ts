// `npm run bench`: loads each contender in turn, round after round, and compares it with its baseline of the same run.
// --quick: a few requests each, to see that it works. --only TEXT: contenders whose name has the text, and their baselines.
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { CONTENDERS, type Contender } from './contenders.ts'

interface Runner {
  readonly name: string
  readonly contender: Contender
  readonly child: ChildProcess
  readonly lines: AsyncIterator<string>
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly rounds: Figures[]
}

interface Figures { readonly perSecond: number, readonly cpu: number }

/** How much load: so many requests, or so many seconds. */
type Limit = { readonly amount: number } | { readonly duration: number }

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } } })
const { warmUp, rounds, limit } = values.quick ? { warmUp: 0, rounds: 1, limit: { amount: 100 } } : { warmUp: 1, rounds: 7, limit: { duration: 3 } }

const runners = await Promise.all(chooseNames(values.only).map(start))
try {
  await checkAnswers(runners)
  for (let round = -warmUp; round < rounds; round++) {
    for (const runner of runners) {
      const figures = await load(runner, limit)
      if (round >= 0) runner.rounds.push(figures)
    }
  }
  printTable(runners)
} finally {
  for (const { child } of runners) child.stdin?.end()
}

function chooseNames (text: string): string[] {
  const chosen = Object.entries(CONTENDERS).filter(([name]) => name.includes(text))
  return [...new Set(chosen.flatMap(([name, { baseline }]) => baseline === undefined ? [name] : [baseline, name]))]
}

async function start (name: string): Promise<Runner> {
  const contender = contenderOf(name)
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('serve.ts', import.meta.url)), name], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const url = `${await nextLine(lines)}${contender.load.path}`
  const headers = { ...contender.load.headers, ...await contender.prepare?.(url) }
  return { name, contender, child, lines, url, headers, rounds: [] }
}

function contenderOf (name: string): Contender {
  const contender = CONTENDERS[name]
  assert(contender !== undefined, `no contender is named '${name}'`)
  return contender
}

async function nextLine (lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next()
  assert(done !== true, 'a contender has died')
  return value
}

// What is compared must do the same: only the order of the fields may differ.
async function checkAnswers (runners: readonly Runner[]): Promise<void> {
  const answers = new Map<string, unknown>()
  for (const { name, url, headers, contender } of runners) {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(contender.load.body) })
    answers.set(name, await response.json())
    assert.equal(response.status, 200, `${name} does not work: ${JSON.stringify(answers.get(name))}`)
    if (contender.baseline !== undefined) assert.deepEqual(answers.get(name), answers.get(contender.baseline), name)
  }
}

async function load ({ name, contender, child, lines, url, headers }: Runner, limit: Limit): Promise<Figures> {
  const before = await askCpu(child, lines)
  const result = await autocannon({
    url, ...limit, connections: 50, method: 'POST', headers: { ...headers }, body: JSON.stringify(contender.load.body)
  })
  assert.equal(result.non2xx + result.errors, 0, `${name} failed under load`)
  const answered = result['2xx']
  return { perSecond: answered / result.duration, cpu: (await askCpu(child, lines) - before) / answered }
}

async function askCpu (child: ChildProcess, lines: AsyncIterator<string>): Promise<number> {
  child.stdin?.write('\n')
  if (child.stdin?.writableNeedDrain === true) await once(child.stdin, 'drain')
  return Number(await nextLine(lines))
}

function printTable (runners: readonly Runner[]): void {
  const medians = new Map(runners.map(({ name, rounds }) => [name, {
    perSecond: median(rounds.map(({ perSecond }) => perSecond)), cpu: median(rounds.map(({ cpu }) => cpu))
  }]))
  console.table(Object.fromEntries(runners.map(({ name, contender }) => {
    const own = medians.get(name)
    const base = medians.get(contender.baseline ?? name)
    assert(own !== undefined && base !== undefined)
    return [name, {
      'requests/s': Math.round(own.perSecond),
      'CPU µs/request': own.cpu.toFixed(1),
      'requests/s, ratio': (own.perSecond / base.perSecond).toFixed(2),
      'CPU, ratio': (base.cpu / own.cpu).toFixed(2)
    }]
  })))
}

function median (figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
