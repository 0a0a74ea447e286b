// Holds the floors of the coverage. The few branches and functions that are missing depend on when a connection breaks,
// or run only for implementations that break their contract.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const FLOORS = { lines: 100, statements: 100, functions: 99.5, branches: 99.5 }

/** Throws where less is covered than must be, by the report of tap. */
export function checkCoverage () {
  const { total, ...files } = JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8'))

  // A process that loads a file without test/loader.js runs other code, of which the report sees a single line.
  for (const [file, { lines }] of Object.entries(files)) {
    assert.equal(lines.total, readFileSync(file, 'utf8').split('\n').length - 1, `${file} was not loaded as its source`)
  }

  for (const [kind, floor] of Object.entries(FLOORS)) {
    const { pct } = total[kind]
    assert.ok(pct >= floor, `${pct} % of ${kind} are covered; ${floor} % must be: npx tap report text`)
  }
  console.log(`coverage: ${Object.keys(FLOORS).map((kind) => `${kind} ${total[kind].pct} %`).join(', ')}`)
}
