// After all tests: every line of lib/ has been run, and nearly every branch and function. What is missing depends on when a
// connection breaks, or is a way that only implementations which break their contract take.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const FLOORS = { lines: 100, statements: 100, functions: 99.5, branches: 99.5 }

/** Throws where less is covered than must be, by the report of tap. */
export function checkCoverage () {
  const { total, ...files } = JSON.parse(readFileSync('.tap/report/coverage-summary.json', 'utf8'))

  // Where a process has loaded a file without test/loader.js, the report finds in it what that one has run: a single line.
  for (const [file, { lines }] of Object.entries(files)) {
    assert.equal(lines.total, readFileSync(file, 'utf8').split('\n').length - 1, `${file} was not loaded as its source`)
  }

  for (const [kind, floor] of Object.entries(FLOORS)) {
    assert.ok(total[kind].pct >= floor, `${total[kind].pct} % of ${kind} are covered; ${floor} % must be: npx tap report text`)
  }
  console.log(`coverage: ${Object.keys(FLOORS).map((kind) => `${kind} ${total[kind].pct} %`).join(', ')}`)
}
