// The list of what the server offers, with a search. The arrow keys move through both.
import { effect, signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { JSX } from 'preact'
import { focusSearch, SearchField } from '../parts/search-field.tsx'
import { visible } from '../parts/text.tsx'
import { WindowedRows } from '../parts/windowed-rows.tsx'
import { formatTokens } from '../schema/tokens.ts'
import { connection } from '../state/current.ts'
import { placeOf } from '../state/item-place.ts'
import { formatPlace, go, place } from '../state/place.ts'
import { allTags, chooseTag, foundGroups, keyOf, search, tag, type Entry, type Group } from './side-entries.ts'

// The heights of rows with and without a note, in rem.
const TALL = 3.2
const LOW = 2

/** The row that the arrow keys start from. */
const active = signal('')
// The row gets the focus once it is drawn.
let wantsFocus = false

effect(() => {
  const { kind, name } = place.value
  if (kind !== undefined && name !== undefined) active.value = keyOf({ kind, name })
})

/** The list of what the server offers. */
export function SideList (): JSX.Element {
  const groups = foundGroups.value
  const isFiltered = search.value !== '' || tag.value !== ''
  return (
    <nav class='side' aria-label='What the server offers' onKeyDown={move}>
      <div class='search'>
        <SearchField label='Search tools, resources and prompts' placeholder='Search' text={search} />
        {allTags.value.length > 0 && <TagChoice />}
      </div>
      {groups === undefined && connection.value?.status.value === 'connecting' && <Skeleton />}
      {groups?.map((group) => <GroupList key={group.kind} group={group} />)}
      {groups?.every(({ entries }) => entries.length === 0) === true && (
        <p class='quiet empty'>{isFiltered ? 'Nothing matches.' : 'The server offers nothing.'}</p>
      )}
    </nav>
  )
}

function move (event: KeyboardEvent): void {
  // The arrow keys choose a tag there.
  if (event.target instanceof HTMLSelectElement) return
  const entries = (foundGroups.value ?? []).flatMap((group) => group.entries)
  const isSearch = event.target instanceof HTMLInputElement
  const at = isSearch ? -1 : entries.findIndex((entry) => keyOf(entry) === active.value)
  const to = isSearch && event.key !== 'ArrowDown'
    ? undefined
    : { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key]
  if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  if (to < 0) return focusSearch()
  const entry = entries[Math.min(to, entries.length - 1)]
  if (entry === undefined) return
  wantsFocus = true
  // The row is drawn again, and so takes the focus, also if it is the active one already.
  active.value = ''
  active.value = keyOf(entry)
}

function TagChoice (): JSX.Element {
  return (
    <select
      class='input tag-choice' aria-label='Tag'
      value={tag.value} onChange={(event) => chooseTag(event.currentTarget.value)}
    >
      <option value=''>All tags</option>
      {allTags.value.map((one) => <option key={one} value={one}>{visible(one)}</option>)}
    </select>
  )
}

function Skeleton (): JSX.Element {
  return (
    <div class='skeleton' aria-busy='true' aria-label='Loading'>
      {Array.from({ length: 8 }, (_, index) => <div key={index} />)}
    </div>
  )
}

function GroupList ({ group: { kind, title, entries } }: { group: Group }): JSX.Element | null {
  if (entries.length === 0) return null
  return (
    <section class='group' aria-labelledby={`group-${kind}`}>
      <h2 id={`group-${kind}`}>
        {title} <span class='count'>{entries.length}</span>
        {kind === 'tool' && <Cost entries={entries} />}
      </h2>
      <WindowedRows<Entry>
        rows={entries} keyOf={keyOf} heightOf={({ note }) => note === '' ? LOW : TALL}
        revealed={entries.findIndex((entry) => keyOf(entry) === active.value)}
        render={(entry, isFirst) => <EntryLink entry={entry} isTabStop={isFirst || keyOf(entry) === active.value} />}
      />
    </section>
  )
}

function Cost ({ entries }: { entries: readonly Entry[] }): JSX.Element {
  const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0)
  return (
    <span class='cost' title='Estimated tokens that a model reads for this list'>{formatTokens(tokens)} tokens</span>
  )
}

function EntryLink ({ entry, isTabStop }: { entry: Entry, isTabStop: boolean }): JSX.Element {
  const { kind, name, label, note, isDestructive } = entry
  const link = useRef<HTMLAnchorElement>(null)
  const isCurrent = place.value.kind === kind && place.value.name === name
  const isActive = keyOf(entry) === active.value
  const to = placeOf({ kind, name })
  const open = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return
    event.preventDefault()
    go(to)
  }
  useLayoutEffect(() => {
    if (!isActive || !wantsFocus) return
    wantsFocus = false
    link.current?.focus({ preventScroll: true })
  })
  return (
    <a
      ref={link} href={formatPlace(to)} title={label} onClick={open}
      {...(isCurrent && { 'aria-current': 'page' as const })}
      tabIndex={isTabStop ? 0 : -1} onFocus={() => { active.value = keyOf(entry) }}
    >
      <span class='label'><bdi>{label}</bdi>{isDestructive && <span class='dot bad' title='destructive' />}</span>
      {note !== '' && <span class='note'><bdi>{note}</bdi></span>}
    </a>
  )
}
