// What the server says of an item, as it was sent.
import type { JSX } from 'preact'
import { LongText } from '../parts/text.tsx'
import { writeJson } from '../schema/json-text.ts'

/** What the server says of an item. */
export function Definition ({ item }: { item: object }): JSX.Element {
  return (
    <details class='raw'>
      <summary>Definition</summary>
      <LongText text={writeJson(item)} isCode />
    </details>
  )
}
