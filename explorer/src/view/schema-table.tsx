// A schema as a table that people read.
import type { JSX } from 'preact'
import { Badge } from '../parts/badge.tsx'
import { LongText, visible } from '../parts/text.tsx'
import type { JsonSchema } from '../schema/json-schema.ts'
import { writeJson } from '../schema/json-text.ts'
import { listRows } from '../schema/rows.ts'

/** A schema: its properties in a table, and the JSON of it. */
export function SchemaTable ({ schema, label }: { schema: JsonSchema, label: string }): JSX.Element {
  const rows = listRows(schema)
  return (
    <>
      {rows.length === 0
        ? <p class='quiet'>No properties.</p>
        : (
          <div class='scroller' tabIndex={0} role='region' aria-label={label}>
            <table class='schema'>
              <thead><tr><th scope='col'>Name</th><th scope='col'>Type</th><th scope='col'>Description</th></tr></thead>
              <tbody>
                {rows.map((row, index) => (
                  <tr key={index}>
                    <td class='name' style={{ '--depth': row.depth }}>
                      <code><bdi>{visible(row.name)}</bdi></code>
                      {row.isRequired && <span class='required'>required</span>}
                    </td>
                    <td class='type'><code>{visible(row.type)}</code></td>
                    <td>
                      {row.description !== '' && <div dir='auto'>{visible(row.description)}</div>}
                      {row.limits.map((limit) => <Badge key={limit}>{visible(limit.slice(0, 200))}</Badge>)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          )}
      <details class='raw'>
        <summary>JSON Schema</summary>
        <LongText text={writeJson(schema)} isCode />
      </details>
    </>
  )
}
