// The list of calls: its filters, its pause, and the call that is chosen.
import { computed, effect, signal } from '@preact/signals'
import { createMatcher } from '../parts/search-field.tsx'
import { entries, lastKey, type Entry, type LiveCall } from './feed.ts'
import { hasFailed } from './outcome.ts'

/** What the user looks for. */
export const searchText = signal('')

/** The mount whose calls are shown; '' for all. */
export const shownMount = signal('')

/** The outcome of the calls that are shown: one of them, `failed`, or '' for all. */
export const shownOutcome = signal('')

/** The list as it was when it was paused; undefined while it goes on. */
export const paused = signal<{ readonly entries: readonly Entry[], readonly lastKey: number } | undefined>(undefined)

/** The key of the chosen call. */
export const chosenKey = signal<number | undefined>(undefined)

const matcher = computed(() => createMatcher(searchText.value))

/** The entries that are listed. */
export const listed = computed<readonly Entry[]>(() => {
  const all = paused.value?.entries ?? entries.value
  const [mount, outcome, matches] = [shownMount.value, shownOutcome.value, matcher.value]
  if (mount === '' && outcome === '' && searchText.value.trim() === '') return all
  return all.filter((entry) => 'gap' in entry || (
    (mount === '' || entry.mount === mount) &&
    (outcome === '' || entry.outcome === outcome || (outcome === 'failed' && hasFailed(entry.outcome))) &&
    matches(entry.text)
  ))
})

/** The chosen call. */
export const chosen = computed<LiveCall | undefined>(() => {
  const key = chosenKey.value
  const entry = key === undefined ? undefined : listed.value.find((one) => one.key === key)
  return entry === undefined || 'gap' in entry ? undefined : entry
})

/** How many entries have come since the list was paused. */
export const newWhilePaused = computed(() => paused.value === undefined ? 0 : lastKey.value - paused.value.lastKey)

/** Pauses the list, or lets it go on. The calls still arrive. */
export function togglePause (): void {
  paused.value = paused.peek() === undefined ? { entries: entries.peek(), lastKey: lastKey.peek() } : undefined
}

// What is cleared is cleared from the paused list, too.
effect(() => {
  if (entries.value.length > 0 || paused.peek() === undefined) return
  paused.value = { entries: [], lastKey: lastKey.peek() }
})
