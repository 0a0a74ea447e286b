// What happens: the wire of this page, and the log messages of the server.
import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Badge } from '../parts/badge.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { formatCount, formatDuration } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { Tabs, type Tab } from '../parts/tabs.tsx'
import { LongText, visible } from '../parts/text.tsx'
import { indentJson } from '../schema/json-text.ts'
import { connection } from '../state/current.ts'
import { clearExchanges, exchanges, type WireExchange, type WireHeaders } from '../wire/exchanges.ts'
import { Log } from './log.tsx'

/** Whether the activity is shown. */
export const isActivityShown = signal(false)

/** The id of the button that shows it. */
export const ACTIVITY_BUTTON = 'activity-button'

function hide (): void {
  isActivityShown.value = false
  document.getElementById(ACTIVITY_BUTTON)?.focus()
}

/** The activity. */
export function Activity (): JSX.Element {
  return (
    <aside class='activity' aria-label='Activity' onKeyDown={({ key }) => { if (key === 'Escape') hide() }}>
      <button type='button' class='icon-button close' aria-label='Close the activity' onClick={hide}>
        <Icon name='close' />
      </button>
      <Tabs label='Activity' tabs={TABS} />
    </aside>
  )
}

const TABS: readonly Tab[] = [
  { id: 'wire', label: 'Wire', render: () => <Wire /> },
  { id: 'log', label: 'Log', render: () => <ServerLog /> }
]

function ServerLog (): JSX.Element {
  const log = connection.value?.log.value ?? []
  return log.length === 0 ? <p class='quiet empty'>No log messages.</p> : <Log entries={log} />
}

function Wire (): JSX.Element {
  const [opened, setOpened] = useState<number>()
  const list = exchanges.value
  if (list.length === 0) return <p class='quiet empty'>No exchanges.</p>
  return (
    <>
      <button type='button' class='button small' onClick={clearExchanges}>Clear</button>
      <ol class='wire'>
        {list.toReversed().map((exchange) => (
          <li key={exchange.id}>
            <button
              type='button' class='wire-line' aria-expanded={exchange.id === opened}
              onClick={() => setOpened(exchange.id === opened ? undefined : exchange.id)}
            >
              <WireLine exchange={exchange} />
            </button>
            {exchange.id === opened && <Exchange exchange={exchange} />}
          </li>
        ))}
      </ol>
    </>
  )
}

function WireLine ({ exchange }: { exchange: WireExchange }): JSX.Element {
  const { rpc, method, target, events, dropped, duration } = exchange
  const count = events.length + dropped
  return (
    <>
      <Status exchange={exchange} />
      <span class='rpc'><bdi>{visible(rpc ?? method)}</bdi></span>
      {target !== undefined && <span class='quiet target'><bdi>{visible(target.slice(0, 100))}</bdi></span>}
      <span class='gap' />
      {count > 1 && <span class='quiet'>{formatCount(count, 'event')}</span>}
      <span class='quiet'>{duration === undefined ? 'open' : formatDuration(duration)}</span>
    </>
  )
}

function Status ({ exchange: { status, failure } }: { exchange: WireExchange }): JSX.Element {
  if (failure !== undefined && failure !== 'aborted') return <Badge tone='bad'>failed</Badge>
  if (status === undefined) return <Badge tone='accent'>…</Badge>
  return <Badge tone={status < 300 ? 'good' : status < 500 ? 'warn' : 'bad'}>{status}</Badge>
}

const SHOWN = 50

function Exchange ({ exchange }: { exchange: WireExchange }): JSX.Element {
  const { method, url, requestHeaders, requestBody, status, responseHeaders = [], events, dropped, failure } = exchange
  const hidden = events.length + dropped - SHOWN
  const head = `${method} ${new URL(url).pathname}\n${headerLines(requestHeaders)}`
  const request = [head, '', requestBody ?? '']
  const reply = [status ?? '', headerLines(responseHeaders), '', ...events.map((event) => event.text)]
  const text = [...request, '', ...reply].join('\n')
  return (
    <div class='exchange'>
      <CopyButton text={text} what='the exchange' />
      <h3>Request</h3>
      <pre class='code' tabIndex={0}>{visible(head)}</pre>
      {requestBody !== undefined && <LongText text={indentJson(requestBody)} isCode />}
      <h3>Reply {status}</h3>
      {failure !== undefined && <p class='quiet'>{visible(failure)}</p>}
      <pre class='code' tabIndex={0}>{visible(headerLines(responseHeaders))}</pre>
      {hidden > 0 && <p class='quiet'>{formatCount(hidden, 'earlier event')}</p>}
      {events.slice(-SHOWN).map(({ at, id, text }, index) => (
        <div key={index} class='event'>
          <div class='quiet'>+{formatDuration(at)}{id !== undefined && ` · id ${visible(id)}`}</div>
          <LongText text={indentJson(text)} isCode />
        </div>
      ))}
    </div>
  )
}

function headerLines (headers: WireHeaders): string {
  return headers.map(([name, value]) => `${name}: ${value}`).join('\n')
}
