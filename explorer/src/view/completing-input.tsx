// A field whose value the server completes as the user types.
import { useEffect, useId, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { visible } from '../parts/text.tsx'

interface CompletingInputProps {
  readonly label: string
  readonly description?: string | undefined
  readonly isRequired: boolean
  readonly value: string
  onChange (value: string): void
  /** Returns completions; undefined if the server has none. */
  readonly complete: ((value: string) => Promise<readonly string[]>) | undefined
}

const PAUSE_MS = 150

/** A field with completions. */
export function CompletingInput (props: CompletingInputProps): JSX.Element {
  const { label, description, isRequired, value, onChange, complete } = props
  const [options, setOptions] = useState<readonly string[]>([])
  const [isActive, setActive] = useState(false)
  const id = useId()

  useEffect(() => {
    if (complete === undefined || !isActive) return
    let isCurrent = true
    // The answer to an earlier text may arrive after that to a later one.
    const timer = setTimeout(() => {
      complete(value).then((found) => { if (isCurrent) setOptions(found) }).catch(() => {})
    }, PAUSE_MS)
    return () => { isCurrent = false; clearTimeout(timer) }
  }, [value, isActive])

  return (
    <div class='field'>
      <label for={id} class='field-label'>
        <code>{visible(label)}</code>
        {isRequired && <span class='required'>required</span>}
      </label>
      {description !== undefined && <div id={`${id}-hint`} class='hint' dir='auto'>{visible(description)}</div>}
      <input
        id={id} class='input' type='text' list={`${id}-options`} required={isRequired} autocomplete='off'
        value={value} onInput={(event) => onChange(event.currentTarget.value)} onFocus={() => setActive(true)}
        {...(description !== undefined && { 'aria-describedby': `${id}-hint` })}
      />
      <datalist id={`${id}-options`}>{options.map((option) => <option key={option} value={option} />)}</datalist>
    </div>
  )
}
