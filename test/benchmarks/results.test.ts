import { join } from 'node:path'
import t from 'tap'
import { addResult, createResult, describeMachine, readResults, writeResults } from '../../benchmarks/results.ts'
import { RESULTS, ROWS } from './results.ts'

const names = ['modern tools/call', 'tools/list', 'choices']
const result = { ...createResult('tools/list', ROWS, { quick: false, rounds: 7, duration: 2 }), date: '2026-12-01' }

t.test('a result takes its place between those that were kept', async (t) => {
  const { machine, scenarios: [call, choices] } = addResult(RESULTS, RESULTS.machine, result, names)

  t.same(
    { machine, names: addResult(RESULTS, RESULTS.machine, result, names).scenarios.map(({ name }) => name) },
    { machine: RESULTS.machine, names }
  )
  t.same(
    [call, choices],
    [RESULTS.scenarios[0], { name: 'tools/list', date: '2026-12-01', rounds: 7, duration: 2, rows: ROWS }]
  )
})

t.test('a result replaces the earlier one of its scenario', async (t) => {
  const newer = { ...result, name: 'choices' }

  t.same(addResult(RESULTS, RESULTS.machine, newer, names).scenarios, [RESULTS.scenarios[0], newer])
})

t.test('results of another machine, and of scenarios that are no more, are dropped', async (t) => {
  t.same(addResult(RESULTS, { ...RESULTS.machine, node: 'v24.0.0' }, result, names).scenarios, [result])
  t.same(addResult(RESULTS, RESULTS.machine, result, ['tools/list']).scenarios, [result])
  t.same(addResult(undefined, RESULTS.machine, result, names).scenarios, [result])
})

t.test('what is written is read again', async (t) => {
  const file = join(t.testdir(), 'results.json')
  t.equal(readResults(file), undefined)

  writeResults(file, { ...RESULTS, machine: describeMachine() })

  t.same(readResults(file), { ...RESULTS, machine: describeMachine() })
  t.equal(describeMachine().node, process.version)
})
