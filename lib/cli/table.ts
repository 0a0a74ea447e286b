// Lays out entries in two columns: names, and descriptions beside them.
import { cleanLine } from './clean.ts'
import { wrap, type Terminal } from './terminal.ts'

/** An entry of a table. */
export interface Entry {
  readonly name: string
  readonly text?: string | undefined
  /** Further lines below the text. */
  readonly details?: readonly string[]
}

const WIDEST_NAME = 24
const NARROWEST_TEXT = 20

/** Lays out entries under a title. Returns no lines if there are no entries. */
export function layTable (
  title: string, entries: readonly Entry[], { columns, bold, dim }: Terminal
): readonly string[] {
  if (entries.length === 0) return []
  const named = entries.map((entry) => ({ ...entry, name: cleanLine(entry.name) }))
  const width = Math.min(WIDEST_NAME, Math.max(...named.map(({ name }) => name.length)))
  const rows = named.flatMap(({ name, text = '', details = [] }) => {
    const room = Math.max(columns - width - 4, NARROWEST_TEXT)
    const texts = text === '' ? [] : wrap(cleanLine(text), room)
    const beside = [...texts, ...details.flatMap((detail) => wrap(cleanLine(detail), room)).map(dim)]
    // A name that is too long for its column gets a line of its own.
    const cells = name.length > width ? ['', ...beside] : beside.length === 0 ? [''] : beside
    return cells.map((cell, line) => {
      const head = line === 0 ? name : ''
      return cell === '' ? `  ${head}` : `  ${head.padEnd(width)}  ${cell}`
    })
  })
  return [bold(title), ...rows, '']
}
