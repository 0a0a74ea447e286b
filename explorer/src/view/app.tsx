// The frame of the page: the bar, the list, the item that is chosen, and the activity.
import { useEffect, useRef } from 'preact/hooks'
import type { JSX } from 'preact'
import { Icon } from '../parts/icon.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { focusSearch } from '../parts/search-field.tsx'
import { placeOf } from '../state/item-place.ts'
import { isLiveShown } from '../state/mounts.ts'
import { go, place } from '../state/place.ts'
import { Activity, isActivityShown } from './activity.tsx'
import { MainView } from './main-view.tsx'
import { Questions } from './questions.tsx'
import { SideList } from './side-list.tsx'
import { TopBar } from './top-bar.tsx'

const LivePage = lazyPart(async () => (await import('../live/live-page.tsx')).LivePage)

/** The page. */
export function App (): JSX.Element {
  const isLive = isLiveShown.value
  const hasItem = place.value.kind !== undefined && !isLive
  const main = useRef<HTMLElement>(null)
  const hadItem = useRef(hasItem)
  useEffect(listenToKeys, [])
  useEffect(() => {
    // On a phone the list and the item take each other's place, and the focus with them.
    if (hadItem.current !== hasItem && document.activeElement === document.body) main.current?.focus()
    hadItem.current = hasItem
  }, [hasItem])
  const classes = ['shell', hasItem && 'has-item', isLive && 'is-live', isActivityShown.value && 'has-activity']
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <button type='button' class='button skip' onClick={() => main.current?.focus()}>Skip to the content</button>
      <TopBar />
      {!isLive && <SideList />}
      <main class='main' tabIndex={-1} ref={main}>
        {hasItem && (
          <button type='button' class='button small back' onClick={() => go(placeOf())}>
            <Icon name='back' /> Back
          </button>
        )}
        {isLive ? <LivePage /> : <MainView />}
      </main>
      {isActivityShown.value && <Activity />}
      <Questions />
    </div>
  )
}

function listenToKeys (): () => void {
  document.addEventListener('keydown', takeKey)
  return () => document.removeEventListener('keydown', takeKey)
}

function takeKey (event: KeyboardEvent): void {
  const { key, target } = event
  if (!(target instanceof Element)) return
  const hasModifier = event.ctrlKey || event.metaKey
  // As on other sites of documentation, a slash goes to the search.
  if (key === '/' && !hasModifier && !target.matches('input, textarea, select')) {
    event.preventDefault()
    focusSearch()
  }
  if (key === 'Enter' && hasModifier) {
    event.preventDefault()
    const scope = document.querySelector('dialog[open]') ?? document.querySelector('main')
    const form = target.closest('form') ?? scope?.querySelector('form')
    form?.requestSubmit()
  }
}
