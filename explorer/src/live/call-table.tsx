// The list of calls. Of thousands, only those that can be seen are drawn, so all rows have one height.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Badge } from '../parts/badge.tsx'
import { followScroll } from '../parts/follow-scroll.ts'
import { formatDuration, formatFraction, formatTime } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import type { Entry, LiveCall } from './feed.ts'
import { OUTCOMES } from './outcome.ts'
import { chosenKey, listed } from './call-list.ts'

const COLUMNS = ['Time', 'Outcome', 'Call', 'Mount', 'Client', 'User', 'Took'] as const
// Rows above and below those that can be seen.
const SPARE = 8

/** The list of calls. */
export function CallTable (): JSX.Element {
  const list = listed.value
  const scroller = useRef<HTMLDivElement>(null)
  const { top, height, row } = useWindow(scroller)
  useSteadyScroll(scroller, list, row)
  const first = Math.max(0, Math.floor(top / row) - SPARE)
  const shown = list.slice(first, first + Math.ceil(height / row) + 2 * SPARE)
  const key = chosenKey.value
  const active = shown.some((entry) => entry.key === key) ? `call-${key}` : undefined
  return (
    <div class='calls-frame'>
      <div
        ref={scroller} class='calls' role='grid' aria-label='Calls' aria-rowcount={list.length + 1}
        aria-activedescendant={active} tabIndex={0}
        onKeyDown={(event) => { moveChoice(event, list, scroller.current, row) }}
      >
        <div class='call-row head' role='row' aria-rowindex={1}>
          {COLUMNS.map((name) => <span key={name} class={name.toLowerCase()} role='columnheader'>{name}</span>)}
        </div>
        {shown.length > 0 && (
          <div role='rowgroup' class='call-rows' style={{ height: `${list.length * row}px` }}>
            {shown.map((entry, index) => (
              <Row key={entry.key} entry={entry} place={first + index} row={row} isChosen={entry.key === key} />
            ))}
          </div>
        )}
      </div>
      {top > row && (
        <button type='button' class='button small to-newest' onClick={() => { scroller.current?.scrollTo({ top: 0 }) }}>
          <Icon name='up' /> Newest
        </button>
      )}
    </div>
  )
}

interface ScrollerRef { readonly current: HTMLDivElement | null }

interface ScrollWindow { readonly top: number, readonly height: number, readonly row: number }

// What can be seen of the list, and the height of a row, which is that of the style sheet.
function useWindow (scroller: ScrollerRef): ScrollWindow {
  const [shown, setShown] = useState<ScrollWindow>({ top: 0, height: 800, row: 36 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return undefined
    return followScroll(element, () => {
      const row = Number.parseFloat(getComputedStyle(element).getPropertyValue('--row'))
      setShown({ top: element.scrollTop, height: element.clientHeight, row })
    })
  }, [])
  return shown
}

// New calls come in at the top. What the user reads stays where it is, unless that is the top.
function useSteadyScroll (scroller: ScrollerRef, list: readonly Entry[], row: number): void {
  const before = useRef<number | undefined>(undefined)
  useLayoutEffect(() => {
    const element = scroller.current
    const added = list.findIndex(({ key }) => key === before.current)
    if (element !== null && added > 0 && element.scrollTop > 0) element.scrollTop += added * row
    before.current = list[0]?.key
  }, [list])
}

function moveChoice (event: KeyboardEvent, list: readonly Entry[], scroller: HTMLElement | null, row: number): void {
  const current = list.findIndex(({ key }) => key === chosenKey.peek())
  const target = { ArrowDown: current + 1, ArrowUp: Math.max(current - 1, 0), Home: 0, End: list.length - 1 }[event.key]
  if (event.key === 'Escape') chosenKey.value = undefined
  const entry = target === undefined ? undefined : list[target]
  if (target === undefined || entry === undefined || scroller === null) return
  event.preventDefault()
  chosenKey.value = entry.key
  // The head covers one row.
  const [above, below] = [target * row, (target + 2) * row - scroller.clientHeight]
  if (scroller.scrollTop > above) scroller.scrollTop = above
  else if (scroller.scrollTop < below) scroller.scrollTop = below
}

interface RowProps { readonly entry: Entry, readonly place: number, readonly row: number, readonly isChosen: boolean }

function Row ({ entry, place, row, isChosen }: RowProps): JSX.Element {
  const common = {
    id: `call-${entry.key}`,
    role: 'row' as const,
    'aria-rowindex': place + 2,
    'aria-selected': isChosen,
    style: { transform: `translateY(${place * row}px)` }
  }
  if ('gap' in entry) {
    return (
      <div class='call-row gap-row' {...common}>
        <span role='gridcell' aria-colspan={COLUMNS.length}>{entry.gap}</span>
      </div>
    )
  }
  return (
    <div
      class={`call-row ${OUTCOMES[entry.outcome]?.tone ?? ''}`} {...common}
      onClick={() => { chosenKey.value = isChosen ? undefined : entry.key }}
    >
      <Cells call={entry} />
    </div>
  )
}

function Cells ({ call }: { call: LiveCall }): JSX.Element {
  const { time, ms, outcome, reason, method = 'request', target } = call
  const { mount, client, transport, era, subject, clientId } = call
  const { word, tone } = OUTCOMES[outcome] ?? { word: outcome, tone: 'plain' }
  return (
    <>
      <time role='gridcell' class='time' dateTime={new Date(time).toISOString()}>
        {formatTime(time)}<span class='quiet'>{formatFraction(time)}</span>
      </time>
      <span role='gridcell' class='outcome'><Badge tone={tone}>{word}</Badge></span>
      <span role='gridcell' class='call'>
        <bdi>{visible(target ?? method)}</bdi>
        {target !== undefined && method !== 'tools/call' && <span class='quiet'>{visible(method)}</span>}
        {reason !== undefined && <span class='quiet'>{reason}</span>}
      </span>
      <span role='gridcell' class='mount'><bdi>{visible(mount)}</bdi></span>
      <span role='gridcell' class='client'>
        <bdi>{transport === 'host' ? 'this app' : visible(client ?? transport)}</bdi>
        {era === 'legacy' && <span class='quiet'>legacy</span>}
      </span>
      <span role='gridcell' class='user'><bdi>{visible(subject ?? clientId ?? '')}</bdi></span>
      <span role='gridcell' class='took'>
        {ms !== undefined && <span class='took-bar' style={{ width: `${widthOf(ms)}%` }} />}
        {ms !== undefined && <span class='took-text'>{formatDuration(ms)}</span>}
      </span>
    </>
  )
}

// From 0.1 ms to 10 s, each factor of ten has a fifth of the bar.
function widthOf (ms: number): number {
  return Math.min(Math.max((Math.log10(ms) + 1) * 20, 2), 100)
}
