// An array of objects as a table.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { isObject } from '../schema/json-schema.ts'
import { writeJsonLine } from '../schema/json-text.ts'
import { formatCount } from './format.ts'
import { visible } from './text.tsx'

const PAGE = 100
const MAX_COLUMNS = 24
const MAX_CELL = 300

/** Objects that are shown as the rows of a table. */
export type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>

/** Returns a value as the rows of a table if it is an array of objects, and undefined if it is anything else. */
export function asRows (value: unknown): Rows | undefined {
  return Array.isArray(value) && value.length > 0 && value.every(isObject) ? value : undefined
}

/** A table of objects. */
export function DataTable ({ rows, label }: { rows: Rows, label: string }): JSX.Element {
  const [count, setCount] = useState(PAGE)
  const columns = [...new Set(rows.slice(0, PAGE).flatMap((row) => Object.keys(row)))].slice(0, MAX_COLUMNS)
  return (
    <div class='scroller' tabIndex={0} role='region' aria-label={label}>
      <table class='data'>
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope='col' class={typeof rows[0]?.[name]}><bdi>{visible(name)}</bdi></th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, count).map((row, index) => (
            <tr key={index}>
              {columns.map((name) => <td key={name} class={typeof row[name]}><bdi>{cell(row[name])}</bdi></td>)}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > count && (
        <button type='button' class='link' onClick={() => setCount(count + PAGE * 10)}>
          Show more ({formatCount(rows.length - count, 'row')} left)
        </button>
      )}
    </div>
  )
}

function cell (value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? value : writeJsonLine(value)
  return visible(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text)
}
