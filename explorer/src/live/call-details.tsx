// All that is known of one call.
import type { JSX } from 'preact'
import { Badge } from '../parts/badge.tsx'
import { formatDuration, formatFraction, formatTime } from '../parts/format.ts'
import { Icon } from '../parts/icon.tsx'
import { LongText, visible } from '../parts/text.tsx'
import { indentJson, parseJson } from '../schema/json-text.ts'
import { go, type Place } from '../state/place.ts'
import type { LiveCall } from './feed.ts'
import { OUTCOMES } from './outcome.ts'
import { chosenKey } from './call-list.ts'

/** All that is known of one call. */
export function CallDetails ({ call }: { call: LiveCall }): JSX.Element {
  const { outcome, target, method = 'request', error, advice } = call
  const { word, tone } = OUTCOMES[outcome] ?? { word: outcome, tone: 'plain' }
  const place = placeOf(call)
  return (
    <aside class='call-details' aria-label='The chosen call'>
      <header>
        <Badge tone={tone}>{word}</Badge>
        <h3><bdi>{visible(target ?? method)}</bdi></h3>
        <button
          type='button' class='icon-button' aria-label='Close the details'
          onClick={() => { chosenKey.value = undefined }}
        >
          <Icon name='close' />
        </button>
      </header>
      {error !== undefined && <p class='call-error'><bdi>{visible(error)}</bdi></p>}
      {advice !== undefined && <p class='call-advice'><bdi>{visible(advice)}</bdi></p>}
      <Facts call={call} />
      {call.arguments !== undefined && (
        <section><h4>Arguments</h4><LongText text={indentJson(call.arguments)} isCode /></section>
      )}
      {place !== undefined && (
        <button type='button' class='button small' onClick={() => go(place)}>
          <Icon name='play' /> {place.args === undefined ? 'Open' : 'Open with these arguments'}
        </button>
      )}
    </aside>
  )
}

function Facts ({ call }: { call: LiveCall }): JSX.Element {
  const { time, ms, mount, method, client, era, transport, subject, clientId, session, reqId, reason, status } = call
  const facts: ReadonlyArray<readonly [name: string, value: string | undefined]> = [
    ['Time', formatTime(time) + formatFraction(time)],
    ['Took', ms === undefined ? undefined : formatDuration(ms)],
    ['Mount', mount],
    ['Method', method],
    ['Refused', reason === undefined ? undefined : `${reason}, status ${status}`],
    ['Client', client],
    ['Era', era],
    ['Transport', transport === 'host' ? 'none: the app itself' : transport],
    ['User', subject],
    ['OAuth client', clientId],
    ['Session', session],
    ['Request', reqId]
  ]
  return (
    <dl>
      {facts.map(([name, value]) => value !== undefined && (
        <div key={name}><dt>{name}</dt><dd><bdi>{visible(value)}</bdi></dd></div>
      ))}
    </dl>
  )
}

const KINDS: Readonly<Record<string, Place['kind']>> = {
  'tools/call': 'tool', 'prompts/get': 'prompt', 'resources/read': 'resource'
}

// Arguments that were cut, or have redacted values, are better than none.
function placeOf ({ mount, method = '', target, arguments: args }: LiveCall): Place | undefined {
  const kind = KINDS[method]
  if (kind === undefined || target === undefined) return undefined
  return { mount, kind, name: target, ...(args !== undefined && parseJson(args) !== undefined && { args }) }
}
