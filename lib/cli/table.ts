// Entries in two columns: a name, and beside it what there is to say of it.
import { cleanLine } from './clean.ts'
import { wrap, type Terminal } from './terminal.ts'

/** A line of a table. */
export interface Entry {
  readonly name: string
  readonly text?: string | undefined
  /** What goes below the text, in lines of their own. */
  readonly details?: readonly string[]
}

const WIDEST_NAME = 24
const NARROWEST_TEXT = 20

/** Lays entries out under a title; nothing where there are none. */
export function layTable (title: string, entries: readonly Entry[], { columns, bold, dim }: Terminal): readonly string[] {
  if (entries.length === 0) return []
  const named = entries.map((entry) => ({ ...entry, name: cleanLine(entry.name) }))
  const width = Math.min(WIDEST_NAME, Math.max(...named.map(({ name }) => name.length)))
  const rows = named.flatMap(({ name, text = '', details = [] }) => {
    const room = Math.max(columns - width - 4, NARROWEST_TEXT)
    const texts = text === '' ? [] : wrap(cleanLine(text), room)
    const beside = [...texts, ...details.flatMap((detail) => wrap(cleanLine(detail), room)).map(dim)]
    // A name that is too long for its column has a line of its own.
    const cells = name.length > width ? ['', ...beside] : beside.length === 0 ? [''] : beside
    return cells.map((cell, line) => `  ${(line === 0 ? name : '').padEnd(cell === '' ? 0 : width)}${cell === '' ? '' : `  ${cell}`}`)
  })
  return [bold(title), ...rows, '']
}
