// Code with a button that copies it.
import type { JSX } from 'preact'
import { CopyButton } from './copy-button.tsx'
import { LongText } from './text.tsx'

/** Code with a button that copies it. @param what The thing that is copied, for screen readers. */
export function CopyableCode ({ text, what }: { text: string, what: string }): JSX.Element {
  return (
    <div class='copyable'>
      <CopyButton text={text} what={what} />
      <LongText text={text} isCode />
    </div>
  )
}
