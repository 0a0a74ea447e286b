// A text field with a list of suggestions (WAI-ARIA Authoring Practices, Editable Combobox with List Autocomplete). A
// `<datalist>` would hide the suggestions that do not contain what is typed.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { visible } from './text.tsx'

interface ComboboxProps {
  readonly id: string
  readonly value: string
  /** What may be chosen in place of what is typed, in the order in which it is shown. */
  readonly suggestions: readonly string[]
  readonly isRequired: boolean
  /** The id of the element that describes the field. */
  readonly describedBy: string | undefined
  onChange (value: string): void
  onFocus (): void
  onBlur (): void
}

const NONE = -1

/** A text field with suggestions. They are shown once the user types, clicks, or presses an arrow key. */
export function Combobox (props: ComboboxProps): JSX.Element {
  const { id, value, suggestions, isRequired, describedBy, onChange, onFocus, onBlur } = props
  const [isOpen, setOpen] = useState(false)
  const [active, setActive] = useState(NONE)
  const list = useRef<HTMLUListElement>(null)
  const isShown = isOpen && suggestions.length > 0
  const optionId = (index: number): string => `${id}-option-${index}`

  useLayoutEffect(() => setActive(NONE), [suggestions])
  useLayoutEffect(() => {
    const shown = active === NONE ? list.current : list.current?.children[active]
    shown?.scrollIntoView({ block: 'nearest' })
  }, [isShown, suggestions, active])

  const close = (): void => {
    setOpen(false)
    setActive(NONE)
  }
  const takeKey = (event: KeyboardEvent): void => {
    const { key, ctrlKey, metaKey, isComposing } = event
    if (isComposing) return
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      if (isShown) setActive(nextOf(active, key, suggestions.length))
    } else if (key === 'Enter') {
      const suggestion = isShown && !ctrlKey && !metaKey ? suggestions[active] : undefined
      close()
      if (suggestion === undefined) return
      // The next Enter sends the form.
      event.preventDefault()
      onChange(suggestion)
    } else if (key === 'Escape') {
      close()
      if (!isShown) return
      // What is around the list stays open.
      event.preventDefault()
      event.stopPropagation()
    } else if (['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) {
      setActive(NONE)
    }
  }
  return (
    <div class='combobox'>
      <input
        id={id} class='input' type='text' required={isRequired} autocomplete='off' value={value}
        role='combobox' aria-autocomplete='list' aria-expanded={isShown} aria-describedby={describedBy}
        {...(isShown && { 'aria-controls': `${id}-list` })}
        {...(isShown && active !== NONE && { 'aria-activedescendant': optionId(active) })}
        onInput={(event) => { setOpen(true); setActive(NONE); onChange(event.currentTarget.value) }}
        onClick={() => setOpen(true)} onKeyDown={takeKey} onFocus={onFocus} onBlur={() => { close(); onBlur() }}
      />
      {isShown && (
        // The focus stays in the field.
        <ul
          id={`${id}-list`} ref={list} role='listbox' aria-label='Suggestions'
          onMouseDown={(event) => event.preventDefault()}
        >
          {suggestions.map((suggestion, index) => (
            <li
              key={index} id={optionId(index)} role='option' aria-selected={index === active} dir='auto'
              onClick={() => { close(); onChange(suggestion) }}
            >
              {visible(cut(suggestion))}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

// Beyond the ends of the list, no suggestion is active.
function nextOf (active: number, key: 'ArrowDown' | 'ArrowUp', count: number): number {
  const places = count + 1
  const place = active - NONE + (key === 'ArrowDown' ? 1 : count)
  return place % places + NONE
}

const LONGEST = 200

function cut (text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
