// The calls of all clients of the app, while they happen.
import '../style/live.css'
import { useEffect } from 'preact/hooks'
import type { JSX } from 'preact'
import { formatCount, formatNumber } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { SearchField } from '../parts/search-field.tsx'
import { visible } from '../parts/text.tsx'
import { CallDetails } from './call-details.tsx'
import { CallTable } from './call-table.tsx'
import { clearEntries, entries, feedProblem, followFeed, isWatching, openNow } from './feed.ts'
import { LoadCards } from './load-cards.tsx'
import { OUTCOMES } from './outcome.ts'
import { startClock } from './series.ts'
import {
  chosen, listed, newWhilePaused, paused, searchText, shownMount, shownOutcome, togglePause
} from './call-list.ts'

/** The calls of all clients. */
export function LivePage (): JSX.Element {
  useEffect(() => {
    followFeed()
    return startClock()
  }, [])
  const call = chosen.value
  return (
    <article class='live'>
      <header class='live-head'>
        <h2>Live</h2>
        <p class='quiet'>Every call of the app, as it happens</p>
        <span class='gap' />
        <FeedStatus />
      </header>
      {feedProblem.value !== undefined && <Notice tone='warn'><p>{feedProblem.value}</p></Notice>}
      <LoadCards />
      <Toolbar />
      <div class={`live-body${call === undefined ? '' : ' has-details'}`}>
        {listed.value.length === 0 ? <Empty /> : <CallTable />}
        {call !== undefined && <CallDetails call={call} />}
      </div>
    </article>
  )
}

function FeedStatus (): JSX.Element {
  const isOpen = isWatching.value
  return (
    <span class={`status ${isOpen ? 'open' : 'connecting'}`}>
      <span class='dot' /><span role='status'>{isOpen ? 'watching' : 'connecting'}</span>
    </span>
  )
}

function Empty (): JSX.Element {
  const isFiltered = entries.value.length > 0
  return (
    <div class='live-empty'>
      <Icon name='live' />
      <p>{isFiltered ? 'No call matches.' : isWatching.value ? 'Waiting for calls' : 'Connecting'}</p>
      {!isFiltered && <p class='quiet'>Call a tool from any client, and it appears here.</p>}
    </div>
  )
}

function Toolbar (): JSX.Element {
  const isPaused = paused.value !== undefined
  return (
    <div class='live-tools' role='toolbar' aria-label='The list of calls'>
      <button type='button' class={isPaused ? 'button small on' : 'button small'} onClick={togglePause}>
        <Icon name={isPaused ? 'play' : 'pause'} /> {isPaused ? 'Resume' : 'Pause'}
        {newWhilePaused.value > 0 && <span class='badge accent'>{formatNumber(newWhilePaused.value)} new</span>}
      </button>
      <SearchField label='Filter the calls' placeholder='Filter' text={searchText} />
      <select
        class='input' aria-label='Mount'
        value={shownMount.value} onChange={(event) => { shownMount.value = event.currentTarget.value }}
      >
        <option value=''>All mounts</option>
        {Object.keys(openNow.value).map((name) => <option key={name} value={name}>{visible(name)}</option>)}
      </select>
      <select
        class='input' aria-label='Outcome'
        value={shownOutcome.value} onChange={(event) => { shownOutcome.value = event.currentTarget.value }}
      >
        <option value=''>All outcomes</option>
        <option value='failed'>All failures</option>
        {Object.entries(OUTCOMES).map(([outcome, { word }]) => <option key={outcome} value={outcome}>{word}</option>)}
      </select>
      <span class='gap' />
      <span class='quiet live-count'>{formatCount(listed.value.length, 'call')}</span>
      <button type='button' class='button small' onClick={clearEntries}>Clear</button>
    </div>
  )
}
