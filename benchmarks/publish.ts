// Publishes results.json as charts, and as the tables of docs/performance.md.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { drawBars, type Panel } from './bar-chart.ts'
import { readResults, type Results, type ScenarioResult } from './results.ts'
import { formatFigure, toMarkdown, toTable } from './tables.ts'

/** Where results are kept, seen from the root of the repository, where npm runs scripts. */
export const RESULTS = 'benchmarks/results.json'
// Shipped with the guide, which shows them.
const CHARTS = 'docs/assets'
const PAGE = 'docs/performance.md'

const CHOICES = 'choices'
const COMPARED = ['modern tools/call', 'legacy tools/call, stateless', 'legacy tools/call, with session']
const OURS = /^fastify-mcp-mount/

/** Draws the charts and writes the tables. */
export function publish (): void {
  const results = readResults(RESULTS)
  if (results === undefined) throw new Error(`there is no ${RESULTS}; npm run bench writes it`)

  mkdirSync(CHARTS, { recursive: true })
  for (const [name, svg] of Object.entries(drawCharts(results))) writeFileSync(`${CHARTS}/${name}.svg`, svg)
  writeFileSync(PAGE, fillPage(readFileSync(PAGE, 'utf8'), results))
}

/** All charts by name. */
export function drawCharts ({ scenarios }: Results): Readonly<Record<string, string>> {
  const compared = COMPARED.flatMap((name) => scenarios.find((scenario) => scenario.name === name) ?? [])
  return {
    throughput: drawBars(
      'Requests per second: longer is better',
      compared.map((scenario) => toPanel(scenario, 'requests/s'))
    ),
    cpu: drawBars(
      'CPU time of the server per request, in microseconds: shorter is better',
      compared.map((scenario) => toPanel(scenario, 'CPU µs/request'))
    )
  }
}

function toPanel ({ name, rows }: ScenarioResult, figure: string): Panel {
  return {
    title: name,
    bars: rows.flatMap(({ contender, figures }) => {
      const value = figures[figure]
      return value === undefined
        ? []
        : [{ label: contender, value, text: formatFigure(value), isOurs: OURS.test(contender) }]
    })
  }
}

/** Writes the tables between their markers, `<!-- NAME -->` and `<!-- end of NAME -->`. */
export function fillPage (page: string, { machine, scenarios }: Results): string {
  const dates = [...new Set(scenarios.map(({ date }) => date))].toSorted()
  const measured =
    `Measured on ${machine.cores} cores of ${machine.cpu} with Node.js ${machine.node}, ` +
    `${dates.join(', ')}.`
  const tables = scenarios
    .filter(({ name }) => name !== CHOICES)
    .map(({ name, rows }) => `### ${name}\n\n${toMarkdown(toTable(rows))}`)
  const choices = scenarios.filter(({ name }) => name === CHOICES).map(({ rows }) => toMarkdown(toTable(rows)))
  return fill(fill(page, 'results', [measured, ...tables]), CHOICES, choices)
}

function fill (page: string, name: string, parts: readonly string[]): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`]
  const [before, rest] = split(page, start)
  const [, after] = split(rest, end)
  return `${before}${start}\n${parts.join('\n\n')}\n${end}${after}`
}

function split (page: string, marker: string): readonly [string, string] {
  const at = page.indexOf(marker)
  if (at === -1) throw new Error(`the page has no '${marker}'`)
  return [page.slice(0, at), page.slice(at + marker.length)]
}
