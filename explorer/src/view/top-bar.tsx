// The bar at the top: the mount, the era, the state of the connection, and the settings of the page.
import type { JSX } from 'preact'
import { Choice } from '../parts/choice.tsx'
import { Icon } from '../parts/icon.tsx'
import { Popover } from '../parts/popover.tsx'
import { visible } from '../parts/text.tsx'
import { connection } from '../state/current.ts'
import { placeOf } from '../state/item-place.ts'
import { canWatch, currentMount, isLiveShown, mounts } from '../state/mounts.ts'
import { amend, go, place } from '../state/place.ts'
import { exchanges } from '../wire/exchanges.ts'
import { ACTIVITY_BUTTON, isActivityShown } from './activity.tsx'
import { ConnectionStatus } from './connection-status.tsx'
import { SignIn } from './sign-in.tsx'
import { theme, toggleTheme } from './theme.ts'

/** The bar at the top. */
export function TopBar (): JSX.Element {
  const mount = currentMount.value
  // The calls of all clients have nothing to do with the connection of this page.
  const isLive = isLiveShown.value
  const shown = isLive ? undefined : connection.value
  return (
    <header class='top'>
      <Brand />
      {!isLive && <MountChoice />}
      {!isLive && mount !== undefined && mount.eras.length > 1 && <EraChoice />}
      <span class='gap' />
      {canWatch.value && <LiveButton />}
      {shown !== undefined && <ConnectionStatus connection={shown} />}
      {shown !== undefined &&
        <Popover label='Credentials' button={<Icon name='key' />} render={() => <SignIn connection={shown} />} />}
      <button
        type='button' class='icon-button' id={ACTIVITY_BUTTON} aria-label='Activity' title='Activity'
        aria-pressed={isActivityShown.value} onClick={() => { isActivityShown.value = !isActivityShown.value }}
      >
        <Icon name='pulse' />{exchanges.value.length > 0 && <span class='dot' />}
      </button>
      <ThemeButton />
    </header>
  )
}

function Brand (): JSX.Element {
  const goHome = (event: Event): void => {
    event.preventDefault()
    go(placeOf())
  }
  return (
    <a class='brand' href='#/' onClick={goHome}>
      <svg viewBox='0 0 32 32' aria-hidden='true'>
        <rect width='32' height='32' rx='8' />
        <path d='M8 22V10l8 7 8-7v12' />
      </svg>
      <h1>MCP Explorer</h1>
    </a>
  )
}

function ThemeButton (): JSX.Element {
  const isDark = theme.value === 'dark'
  const label = `Use the ${isDark ? 'light' : 'dark'} theme`
  return (
    <button type='button' class='icon-button' aria-label={label} title={label} onClick={toggleTheme}>
      <Icon name={isDark ? 'sun' : 'moon'} />
    </button>
  )
}

// It switches to the calls of all clients, and back to where the user was.
function LiveButton (): JSX.Element {
  const isLive = isLiveShown.value
  return (
    <button
      type='button' class='button small live-button' aria-pressed={isLive}
      onClick={() => go({ ...place.peek(), isLive: !isLive })}
    >
      <Icon name='live' /><span class='live-word'>Live</span>
    </button>
  )
}

function MountChoice (): JSX.Element | null {
  const list = mounts.value
  if (list.length === 0) return null
  return (
    <select
      class='input mount-choice' aria-label='Mount' value={currentMount.value?.name}
      onChange={(event) => go({ mount: event.currentTarget.value })}
    >
      {list.map(({ name }) => <option key={name} value={name}>{visible(name)}</option>)}
    </select>
  )
}

const ERAS = [['modern', 'modern'], ['legacy', 'legacy']] as const

function EraChoice (): JSX.Element {
  const chosen = place.value.era ?? connection.value?.server.value?.era
  return (
    <Choice label='Era of the protocol' options={ERAS} chosen={chosen} onChoose={(era) => amend({ era })} />
  )
}
