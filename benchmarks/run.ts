// `npm run bench`: runs all scenarios, prints their tables, keeps the results and draws them.
// --only NAME: scenarios whose name has NAME. --quick: a few requests each, to see that it works; keeps nothing.
// --rounds N, --duration SECONDS of one round.
import { parseArgs } from 'node:util'
import { publish, RESULTS } from './publish.ts'
import { addResult, createResult, describeMachine, readResults, writeResults } from './results.ts'
import type { Row, RunSettings, Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { toTable, toText } from './tables.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    duration: { type: 'string', default: '1.2' }
  }
})
const settings: RunSettings = {
  quick: values.quick,
  rounds: values.quick ? 1 : Number(values.rounds),
  duration: Number(values.duration)
}
if (!Number.isSafeInteger(settings.rounds) || settings.rounds < 1) {
  throw new Error('--rounds must be a whole number from 1')
}
if (!(settings.duration > 0)) throw new Error('--duration must be a number of seconds')

const chosen = SCENARIOS.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) {
  throw new Error(
    `no scenario has '${values.only}' in its name; there are: ${SCENARIOS.map(({ name }) => name).join('; ')}`
  )
}

for (const scenario of chosen) {
  const rows = await run(scenario)
  console.log(
    `\n${scenario.name}${settings.quick ? ' (too quick for figures to mean anything)' : ''}\n${toText(toTable(rows))}`
  )
  if (rows.some(({ failure }) => failure !== undefined)) process.exitCode = 1
  if (!settings.quick) {
    writeResults(
      RESULTS,
      addResult(
        readResults(RESULTS),
        describeMachine(),
        createResult(scenario.name, rows, settings),
        SCENARIOS.map(({ name }) => name)
      )
    )
  }
}
if (!settings.quick) publish()

// A scenario that fails does not stop the others.
async function run (scenario: Scenario): Promise<readonly Row[]> {
  try {
    return await scenario.run(settings)
  } catch (error) {
    return [
      { contender: 'all', figures: {}, ratios: [], failure: error instanceof Error ? error.message : String(error) }
    ]
  }
}
