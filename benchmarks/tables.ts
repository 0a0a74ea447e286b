// Results as tables, for the console and for Markdown.
import { judge, type Verdict } from './figures.ts'
import type { Ratio, Row } from './scenario.ts'

/** The cells of a table, the first row of which is its head. */
export type Table = ReadonlyArray<readonly string[]>

/** Lays out the rows of one scenario. */
export function toTable (rows: readonly Row[]): Table {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))]
  const figures = names.length === 0 ? ['figures'] : names
  const others = [...new Set(rows.flatMap(({ ratios }) => ratios.map(({ to }) => to)))]
  const hasTargets = rows.some(({ ratios }) => ratios.some(({ target }) => target !== undefined))
  const head = [
    'contender',
    ...figures,
    ...others.map((other) => `ratio to ${other}`),
    ...(hasTargets ? ['targets'] : [])
  ]

  return [head, ...rows.map(({ contender, figures: own, ratios, failure }) => {
    if (failure !== undefined) {
      return [contender, `failed: ${failure.replaceAll(/\s+/g, ' ')}`, ...head.slice(2).map(() => '')]
    }
    return [
      contender,
      ...figures.map((name) => formatFigure(own[name])),
      ...others.map((other) => formatRatios(ratios.filter(({ to }) => to === other))),
      ...(hasTargets ? [judge(ratios).map(formatVerdict).join('; ')] : [])
    ]
  })]
}

/** A figure with as many digits as tell something. */
export function formatFigure (value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return ''
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function formatRatios (ratios: readonly Ratio[]): string {
  return ratios.map(({ value }) => value.toFixed(value >= 10 ? 1 : 2)).join(' / ')
}

function formatVerdict ({ to, target, holds }: Verdict): string {
  const [sign, bound] = 'atLeast' in target ? ['>=', target.atLeast] : ['<=', target.atMost]
  return `${sign} ${bound} of ${to}: ${holds ? 'holds' : 'missed'}`
}

/** A table for the console. */
export function toText (table: Table): string {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** A table for Markdown. */
export function toMarkdown ([head = [], ...rows]: Table): string {
  const lines = [head, head.map((_, column) => column === 0 ? '---' : '---:'), ...rows]
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
}
