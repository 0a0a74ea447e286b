// The state of the connection, and what can be done with it: streams are resumed, and sessions ended and opened.
import type { JSX } from 'preact'
import { CopyButton } from '../parts/copy-button.tsx'
import { Popover } from '../parts/popover.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'

const WORDS = { connecting: 'connecting', open: 'connected', failed: 'not connected', closed: 'closed' } as const

const DROP_STREAMS = 'Breaks all open streams, as a lost network would. ' +
  'The client resumes them after the last event that it has.'

/** The state of the connection. */
export function ConnectionStatus ({ connection }: { connection: Connection }): JSX.Element {
  const status = connection.status.value
  return (
    <Popover
      label={`Connection: ${WORDS[status]}`} class={`status ${status}`}
      button={<><span class='dot' /><span role='status' class='status-word'>{WORDS[status]}</span></>}
      render={() => <Details connection={connection} />}
    />
  )
}

function Details ({ connection }: { connection: Connection }): JSX.Element {
  const isOpen = connection.status.value === 'open'
  const { revision, sessionId } = connection.server.value ?? {}
  const hasSession = isOpen && sessionId !== undefined
  return (
    <div class='connection'>
      <p>{visible(connection.mount.name)}, {WORDS[connection.status.value]}{isOpen && <>, revision {revision}</>}</p>
      {hasSession && (
        <div class='url-line'>
          <span>Session <code><bdi>{visible(sessionId)}</bdi></code></span>
          <CopyButton text={sessionId} what='the session ID' />
        </div>
      )}
      <div class='actions'>
        {isOpen && (
          <button type='button' class='button' title={DROP_STREAMS} onClick={() => connection.dropStreams()}>
            Break and resume streams
          </button>
        )}
        {hasSession && (
          <button type='button' class='button' onClick={() => { connection.leave() }}>End session</button>
        )}
        <button type='button' class='button' onClick={() => { connection.reopen() }}>
          {hasSession ? 'New session' : 'Reconnect'}
        </button>
      </div>
    </div>
  )
}
