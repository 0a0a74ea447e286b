// Lays out the routes of an app for people to read.
import { cleanLine } from './clean.ts'
import type { ReportedResource, ReportedRoute, ReportedRoutes, ReportedTool } from './routes-report.ts'
import { wrap, type Terminal } from './terminal.ts'

// Has a cell for each title, so that the casts below hold.
type Row = readonly string[]

const GAP = '  '
const NARROWEST = 12

/** Formats what each mount has decided: its tools, and the other routes with the reason. */
export function formatRoutes (mounts: readonly ReportedRoutes[], terminal: Terminal): string {
  return mounts.map((mount) => formatMount(mount, terminal).join('\n')).join('\n\n')
}

function formatMount (
  { mount, path, tools, resources, leftOut }: ReportedRoutes, terminal: Terminal
): readonly string[] {
  const { bold, dim } = terminal
  const total = tools.reduce((sum, { tokens }) => sum + tokens, 0)
  const all = tools.length + resources.length + leftOut.length
  const summary = `${tools.length} of ${all} routes are tools, about ${formatNumber(total)} tokens`
  return [
    `${bold(cleanLine(mount))}${GAP}${cleanLine(path)}${GAP}${dim(summary)}`,
    ...layColumns(['TOKENS', 'TOOL', 'ROUTE', 'HINTS'], tools.map(toRow), terminal),
    ...layColumns(['RESOURCE', 'ROUTE'], resources.map(toResource), terminal),
    ...layColumns(['NO TOOL', 'BECAUSE IT'], leftOut.map(toReason), terminal)
  ]
}

function toRow ({ tool, method, url, hints, tokens }: ReportedTool): Row {
  return [formatNumber(tokens).padStart('TOKENS'.length), cleanLine(tool), nameOf(method, url), hints.join(', ')]
}

function toResource ({ resource, method, url }: ReportedResource): Row {
  return [cleanLine(resource), nameOf(method, url)]
}

function toReason ({ method, url, reason }: ReportedRoute): Row {
  return [nameOf(method, url), cleanLine(reason)]
}

function nameOf (method: string, url: string): string {
  return cleanLine(`${method} ${url}`)
}

// The last column gets the rest of each line. Where that is too little, rows are lines that break anywhere.
function layColumns (titles: Row, rows: readonly Row[], { columns, dim }: Terminal): readonly string[] {
  if (rows.length === 0) return []
  const widths = titles.slice(0, -1).map((title, column) => {
    return Math.max(title.length, ...rows.map((row) => (row[column] as string).length))
  })
  const used = widths.reduce((sum, width) => sum + width + GAP.length, 0)
  const room = columns - used
  if (room < NARROWEST) return ['', ...rows.flatMap((row) => breakRow(row, columns))]

  const lay = (row: Row): readonly string[] => {
    const head = widths.map((width, column) => (row[column] as string).padEnd(width) + GAP).join('')
    const lines = wrap(row.at(-1) as string, room)
    return lines.map((line, index) => `${index === 0 ? head : ' '.repeat(used)}${line}`.trimEnd())
  }
  return ['', ...lay(titles).map(dim), ...rows.flatMap(lay)]
}

function breakRow (row: Row, columns: number): readonly string[] {
  const cells = row.map((cell) => cell.trim()).filter((cell) => cell !== '')
  const [first = '', ...rest] = wrap(cells.join(GAP), columns - 4)
  return [first.trimEnd(), ...rest.map((line) => `    ${line.trim()}`)]
}

function formatNumber (value: number): string {
  return value.toLocaleString('en')
}
