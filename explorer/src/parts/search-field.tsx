// The search of a list. The page shows one list at a time, so the slash goes to its search.
import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { Icon } from './icon.tsx'

const ID = 'search'

interface SearchFieldProps {
  readonly label: string
  readonly placeholder: string
  readonly text: Signal<string>
}

/** The search of a list. */
export function SearchField ({ label, placeholder, text }: SearchFieldProps): JSX.Element {
  return (
    <div class='search-field'>
      <Icon name='search' />
      <input
        id={ID} type='search' class='input' placeholder={placeholder} aria-label={label} aria-keyshortcuts='/'
        value={text.value} onInput={(event) => { text.value = event.currentTarget.value }}
      />
    </div>
  )
}

/** Goes to the search of the list. */
export function focusSearch (): void {
  document.getElementById(ID)?.focus()
}

/** Creates a function that tells whether a text, in lower case, has all words of a search. */
export function createMatcher (search: string): (text: string) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return (text) => words.every((word) => text.includes(word))
}
