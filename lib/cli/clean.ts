// Removes control sequences from the text of servers and files, because a terminal would obey them.
import { stripVTControlCharacters } from 'node:util'

// Characters that move the cursor, break a line invisibly or change the order of the text (Unicode TR 36, 3.1). Tabs
// and line feeds are kept.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Returns a text without control sequences. */
export function clean (text: string): string {
  return stripVTControlCharacters(text).replace(UNSEEN, '')
}

/** Returns a text without control sequences, as a single line. */
export function cleanLine (text: string): string {
  return clean(text.replace(/\s+/g, ' ')).trim()
}

/** Returns the JSON of a value. Characters that {@link clean} would remove are escaped, which keeps the value. */
export function cleanJson (value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSEEN, escapeUnseen)
}

function escapeUnseen (character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
