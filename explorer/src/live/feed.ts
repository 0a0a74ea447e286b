// The feed: the calls of all clients, as the app sends them while this page watches.
import { signal } from '@preact/signals'
import { createParser } from 'eventsource-parser'
import type { OpenNow, WatchedCall, WatchMessage } from '../../../lib/explorer/watched.ts'
import { formatCount, formatTime } from '../parts/format.ts'
import { reloadMounts } from '../state/mounts.ts'
import { recordCalls } from './series.ts'

export type { OpenNow }

/** A call, as the page lists it. */
export interface LiveCall extends WatchedCall {
  /** Its place among all entries. */
  readonly key: number
  /** The text that is searched. */
  readonly text: string
}

/** A place at which calls are missing. */
export interface Gap {
  readonly key: number
  readonly gap: string
}

/** One line of the list. */
export type Entry = LiveCall | Gap

const MAX_ENTRIES = 10_000
const MIN_PAUSE = 500
const MAX_PAUSE = 10_000
// Milliseconds after which a hidden page stops watching: a browser has six connections for one app.
const HIDDEN = 30_000

/** The calls, the newest first. */
export const entries = signal<readonly Entry[]>([])

/** How many entries there have been. */
export const lastKey = signal(0)

/** How much is open, by the names of the mounts. */
export const openNow = signal<Readonly<Record<string, OpenNow>>>({})

/** Whether the calls arrive. */
export const isWatching = signal(false)

/** Why the calls do not arrive; undefined while they do, or while the page connects. */
export const feedProblem = signal<string | undefined>(undefined)

let isFollowing = false
// When the calls ceased to arrive; undefined before they did for the first time.
let endedAt: number | undefined

/** Forgets all calls. */
export function clearEntries (): void {
  entries.value = []
}

/** Follows the feed as long as the page is open. */
export async function followFeed (): Promise<void> {
  if (isFollowing) return
  isFollowing = true
  let pause = MIN_PAUSE
  for (;;) {
    await untilSeen()
    try {
      await readFeed()
      pause = MIN_PAUSE
    } catch (error) {
      feedProblem.value = describeProblem(error)
      pause = Math.min(pause * 2, MAX_PAUSE)
    }
    await new Promise((resolve) => { setTimeout(resolve, pause) })
  }
}

// The browser says little of why a request failed.
function describeProblem (error: unknown): string {
  return error instanceof Refused ? error.message : 'The app cannot be reached. The page tries again on its own.'
}

class Refused extends Error {}

async function untilSeen (): Promise<void> {
  while (document.hidden) {
    await new Promise((resolve) => { document.addEventListener('visibilitychange', resolve, { once: true }) })
  }
}

/** Reads the feed. Resolves when it ends, and rejects if it does not begin. */
async function readFeed (): Promise<void> {
  const controller = new AbortController()
  const response = await fetch('./calls', { headers: { accept: 'text/event-stream' }, signal: controller.signal })
  if (!response.ok || response.body === null) throw new Refused(await readRefusal(response))
  const stopLooking = leaveWhenHidden(controller)
  begin()
  // The explorer's own plugin has sent it.
  const parser = createParser({ onEvent: ({ data }) => { take(JSON.parse(data) as WatchMessage) } })
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      parser.feed(decoder.decode(value, { stream: true }))
    }
  } catch {
    // The app has ended without a last word, or the page has left.
  } finally {
    stopLooking()
    endedAt = Date.now()
    isWatching.value = false
  }
}

async function readRefusal (response: Response): Promise<string> {
  try {
    const { message } = await response.json() as { readonly message?: string }
    return String(message)
  } catch {
    return `The app answered ${response.status}.`
  }
}

function leaveWhenHidden (controller: AbortController): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const onChange = (): void => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(() => { controller.abort() }, HIDDEN)
  }
  document.addEventListener('visibilitychange', onChange)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onChange)
  }
}

function begin (): void {
  isWatching.value = true
  feedProblem.value = undefined
  if (endedAt === undefined) return
  add([{ gap: `Not watched from ${formatTime(endedAt)} to ${formatTime(Date.now())}` }])
  // The app may have been started anew, with other mounts.
  reloadMounts()
}

function take ({ calls, dropped, open }: WatchMessage): void {
  if (open !== null) openNow.value = open
  recordCalls(calls)
  const gap = `${formatCount(dropped, 'call')} missing: they came faster than the page reads`
  add([...calls.map((call) => ({ ...call, text: searchedText(call) })), ...dropped === 0 ? [] : [{ gap }]])
}

function searchedText (call: WatchedCall): string {
  const { mount, method, target, client, subject, session, error, reqId, arguments: args } = call
  return [mount, method, target, client, subject, session, error, reqId, args].join(' ').toLowerCase()
}

function add (added: ReadonlyArray<Omit<LiveCall, 'key'> | Omit<Gap, 'key'>>): void {
  if (added.length === 0) return
  let key = lastKey.peek()
  const newest = added.map((entry) => ({ ...entry, key: ++key })).reverse()
  lastKey.value = key
  entries.value = [...newest, ...entries.peek()].slice(0, MAX_ENTRIES)
}
