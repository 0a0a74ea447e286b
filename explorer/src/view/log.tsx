// Log messages of the server.
import type { JSX } from 'preact'
import { formatCount, formatTime } from '../parts/format.ts'
import { visible } from '../parts/text.tsx'
import { writeJsonLine } from '../schema/json-text.ts'
import type { LogEntry } from '../state/connection.ts'

const SHOWN = 100
const MAX_TEXT = 2000

/** Log messages of the server, the newest last. */
export function Log ({ entries }: { entries: readonly LogEntry[] }): JSX.Element {
  return (
    <div class='log' role='log' tabIndex={0} aria-label='Log messages of the server'>
      {entries.length > SHOWN && <p class='quiet'>{formatCount(entries.length - SHOWN, 'earlier message')}</p>}
      {entries.slice(-SHOWN).map(({ count, level, logger, data, at }) => (
        <div key={count} class={`log-line ${level}`}>
          <time>{formatTime(at)}</time>
          <span class='level'>{level}</span>
          {logger !== undefined && <span class='quiet'>{visible(logger)}</span>}
          <bdi>{visible((typeof data === 'string' ? data : writeJsonLine(data)).slice(0, MAX_TEXT))}</bdi>
        </div>
      ))}
    </div>
  )
}
