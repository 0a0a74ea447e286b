// The list of what the server offers, with a search.
import { computed, effect, signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { JSX } from 'preact'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import { WindowedRows } from '../parts/windowed-rows.tsx'
import { estimateTokens, formatTokens } from '../schema/tokens.ts'
import type { Connection } from '../state/connection.ts'
import { connection } from '../state/current.ts'
import { currentMount } from '../state/mounts.ts'
import { formatPlace, go, place, type Kind } from '../state/place.ts'

interface Entry {
  readonly kind: Kind
  readonly name: string
  readonly label: string
  readonly note: string
  /** The text that is searched. */
  readonly text: string
  readonly tokens: number
  readonly isDestructive: boolean
}

interface Group {
  readonly kind: Kind
  readonly title: string
  readonly entries: readonly Entry[]
}

const search = signal('')
const MAX_NOTE = 120
// The heights of rows with and without a note, in rem.
const [TALL, LOW] = [3.2, 2]

const groups = computed<readonly Group[] | undefined>(() => {
  const shown = connection.value
  return shown?.tools.value === undefined ? undefined : listGroups(shown)
})

const found = computed(() => {
  const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return groups.value?.map((group) => ({
    ...group, entries: group.entries.filter(({ text }) => words.every((word) => text.includes(word)))
  }))
})

function listGroups ({ tools, resources, templates, prompts }: Connection): readonly Group[] {
  return [
    {
      kind: 'tool',
      title: 'Tools',
      entries: (tools.value ?? []).map((tool) => ({
        ...createEntry('tool', tool.name, tool), isDestructive: tool.annotations?.destructiveHint === true
      }))
    },
    {
      kind: 'resource',
      title: 'Resources',
      entries: (resources.value ?? []).map((resource) => createEntry('resource', resource.uri, resource))
    },
    {
      kind: 'template',
      title: 'Templates',
      entries: (templates.value ?? []).map((template) => createEntry('template', template.uriTemplate, template))
    },
    {
      kind: 'prompt',
      title: 'Prompts',
      entries: (prompts.value ?? []).map((prompt) => createEntry('prompt', prompt.name, prompt))
    }
  ]
}

interface Item {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
}

function createEntry (kind: Kind, name: string, item: Item): Entry {
  const { title, description = '' } = item
  const hasUri = kind === 'resource' || kind === 'template'
  const label = hasUri ? title ?? item.name : name
  const note = hasUri ? name : title ?? description
  return {
    kind,
    name,
    label: visible(label.slice(0, MAX_NOTE)),
    note: visible(note.slice(0, MAX_NOTE)),
    text: `${name} ${title ?? ''} ${description.slice(0, 2000)}`.toLowerCase(),
    tokens: estimateTokens(item),
    isDestructive: false
  }
}

const keyOf = ({ kind, name }: Pick<Entry, 'kind' | 'name'>): string => `${kind} ${name}`

/** The row that the arrow keys start from. */
const active = signal('')
// The row gets the focus once it is drawn.
let wantsFocus = false

effect(() => {
  const { kind, name } = place.value
  if (kind !== undefined && name !== undefined) active.value = keyOf({ kind, name })
})

/** Moves through the list by keys, from its search as well. */
function move (event: KeyboardEvent): void {
  const entries = (found.value ?? []).flatMap((group) => group.entries)
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
  active.value = ''
  active.value = keyOf(entry)
}

/** The id of the search, to which a slash goes. */
export const SEARCH_ID = 'search'

/** Goes to the search. */
export function focusSearch (): void {
  document.getElementById(SEARCH_ID)?.focus()
}

/** The list of what the server offers. */
export function SideList (): JSX.Element {
  const shown = found.value
  return (
    <nav class='side' aria-label='What the server offers' onKeyDown={move}>
      <div class='search'>
        <Icon name='search' />
        <input
          id={SEARCH_ID} type='search' class='input' placeholder='Search'
          aria-label='Search tools, resources and prompts' aria-keyshortcuts='/'
          value={search.value} onInput={(event) => { search.value = event.currentTarget.value }}
        />
      </div>
      {shown === undefined && connection.value?.status.value === 'connecting' && <Waiting />}
      {shown?.map((group) => <GroupList key={group.kind} group={group} />)}
      {shown !== undefined && shown.every(({ entries }) => entries.length === 0) && (
        <p class='quiet empty'>{search.value === '' ? 'The server offers nothing.' : 'Nothing matches.'}</p>
      )}
    </nav>
  )
}

function Waiting (): JSX.Element {
  return (
    <div class='skeleton' aria-busy='true' aria-label='Loading'>
      {Array.from({ length: 8 }, (_, index) => <div key={index} />)}
    </div>
  )
}

function GroupList ({ group: { kind, title, entries } }: { group: Group }): JSX.Element | null {
  if (entries.length === 0) return null
  const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0)
  const isPriced = kind === 'tool'
  const revealed = entries.findIndex((entry) => keyOf(entry) === active.value)
  return (
    <section class='group' aria-labelledby={`group-${kind}`}>
      <h2 id={`group-${kind}`}>
        {title} <span class='count'>{entries.length}</span>
        {isPriced && (
          <span class='cost' title='Estimated tokens that a model reads for this list'>
            {formatTokens(tokens)} tokens
          </span>
        )}
      </h2>
      <WindowedRows<Entry>
        rows={entries} keyOf={keyOf} heightOf={({ note }) => note === '' ? LOW : TALL} revealed={revealed}
        render={(entry, isFirst) => <EntryLink entry={entry} isTabStop={isFirst || keyOf(entry) === active.value} />}
      />
    </section>
  )
}

function EntryLink ({ entry, isTabStop }: { entry: Entry, isTabStop: boolean }): JSX.Element {
  const { kind, name, label, note, isDestructive } = entry
  const here = place.value
  const link = useRef<HTMLAnchorElement>(null)
  const isCurrent = here.kind === kind && here.name === name
  const isActive = keyOf(entry) === active.value
  const to = { mount: currentMount.value?.name, era: here.era, kind, name }
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
      ref={link} href={formatPlace(to)} onClick={open} {...(isCurrent && { 'aria-current': 'page' as const })}
      tabIndex={isTabStop ? 0 : -1} onFocus={() => { active.value = keyOf(entry) }}
    >
      <span class='label'><bdi>{label}</bdi>{isDestructive && <span class='dot bad' title='destructive' />}</span>
      {note !== '' && <span class='note'><bdi>{note}</bdi></span>}
    </a>
  )
}
