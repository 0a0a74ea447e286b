// Results as they could be kept.
import type { Results } from '../../benchmarks/results.ts'
import type { Row } from '../../benchmarks/scenario.ts'

/** The rows of one scenario. */
export const ROWS: readonly Row[] = [
  { contender: 'bare Fastify route', figures: { 'requests/s': 20123.4, 'CPU µs/request': 40.04 }, ratios: [] },
  {
    contender: 'fastify-mcp-mount',
    figures: { 'requests/s': 18000, 'CPU µs/request': 44, 'p99 ms at half load': 1.234 },
    ratios: [
      { to: 'bare Fastify route', of: 'requests/s', value: 0.8944, target: { atLeast: 0.85 } },
      { to: 'bare Fastify route', of: 'CPU µs/request', value: 0.91, target: { atLeast: 0.85 } },
      { to: 'SDK', of: 'requests/s', value: 11.56, target: { atLeast: 12 } }
    ]
  },
  { contender: 'SDK', figures: {}, ratios: [], failure: 'it died\n  at once | again' }
]

/** One scenario that is drawn, and one that is a table only. */
export const RESULTS: Results = {
  machine: { cpu: 'Some CPU', cores: 4, node: 'v20.19.0' },
  scenarios: [
    { name: 'modern tools/call', date: '2026-11-21', rounds: 5, duration: 1, rows: ROWS },
    { name: 'choices', date: '2026-11-20', rounds: 5, duration: 1, rows: ROWS.slice(0, 1) }
  ]
}
