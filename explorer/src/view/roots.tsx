// The roots that this page offers. Servers ask for them during a call.
import type { JSX, TargetedEvent } from 'preact'
import type { Connection } from '../state/connection.ts'
import { roots } from '../state/questions.ts'

/** The roots that this page offers, one URI per line. */
export function Roots ({ connection }: { connection: Connection }): JSX.Element {
  const change = ({ currentTarget: { value } }: TargetedEvent<HTMLTextAreaElement>): void => {
    const lines = value.split('\n').map((line) => line.trim())
    roots.value = lines.filter((line) => /^[\w+.-]+:/.test(line)).map((uri) => ({ uri }))
    // Modern servers ask for the roots whenever they need them.
    if (connection.status.peek() === 'open' && connection.server.peek()?.era === 'legacy') {
      connection.client.sendRootsListChanged().catch(() => {})
    }
  }
  return (
    <details class='raw'>
      <summary>Roots that this page offers to servers</summary>
      <textarea
        class='input code' rows={3} aria-label='Roots, one URI per line' placeholder='file:///home/me/project'
        value={roots.peek().map(({ uri }) => uri).join('\n')} onChange={change}
      />
    </details>
  )
}
