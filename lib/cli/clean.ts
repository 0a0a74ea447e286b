// Text of somebody else, made safe to print: a terminal obeys much of what servers could send.
import { stripVTControlCharacters } from 'node:util'

// Characters that move a cursor, end a line unseen or change the order of what is read (Unicode TR 36, 3.1). Tabs and line feeds
// stay.
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Text of somebody else, with nothing left in it that a terminal would obey. */
export function clean (text: string): string {
  return stripVTControlCharacters(text).replace(UNSEEN, '')
}

/** The same in one line. */
export function cleanLine (text: string): string {
  return clean(text.replace(/\s+/g, ' ')).trim()
}

/** A value of somebody else as JSON, which says the same with what {@link clean} drops escaped. */
export function cleanJson (value: unknown): string {
  return JSON.stringify(value, null, 2).replace(UNSEEN, (unseen) => `\\u${unseen.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
