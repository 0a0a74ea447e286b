// Texts of servers, made safe to look at: what is invisible or turns the direction of writing is shown as its code.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { formatNumber } from './format.ts'

// Control characters other than tab, line feed and carriage return; marks and overrides of direction; and other
// invisible characters.
// eslint-disable-next-line no-control-regex
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Returns a text with a visible code in place of each hidden character. */
export function visible (text: string): string {
  return text.replace(HIDDEN, codeOf)
}

function codeOf (character: string): string {
  return `⟨U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}⟩`
}

const SHORT = 20_000

/** A text that may be huge: the rest is shown when the user asks for it. */
export function LongText ({ text, isCode = false }: { text: string, isCode?: boolean }): JSX.Element {
  const [length, setLength] = useState(SHORT)
  const shown = visible(text.slice(0, length))
  return (
    <div class='long-text'>
      <pre class={isCode ? 'code' : 'prose'} tabIndex={0} dir='auto'>{shown}</pre>
      {text.length > length && (
        <button type='button' class='link' onClick={() => setLength(length * 10)}>
          Show more ({formatNumber(text.length - length)} characters left)
        </button>
      )}
    </div>
  )
}
