// Handles the messages of other nodes.
import type { ChangeEvent } from '../../protocol/change.ts'
import type { Params } from '../../protocol/message.ts'
import type { SessionTable } from '../home.ts'
import type { SessionEnd } from '../../telemetry/events.ts'
import type { LogFailure } from '../log-failure.ts'
import type { Session } from '../session.ts'
import { UNUSED } from '../session-summary.ts'
import type { Description } from './description.ts'
import type { NodeLink, NodeListener } from './node-link.ts'
import type { NodeMessage } from './node-message.ts'
import type { SharedSupport } from './shared-support.ts'

/** Called for messages of other nodes that concern the mount. */
export interface NodeListeners {
  /** Called when a client has sent a notification to another node. */
  onNotified (session: Session, method: string, params: Params): void
  /** Called with the changes that another node publishes. */
  onChanged (events: readonly ChangeEvent[]): void
  /** Called when another node has published more changes than it could name. */
  onChangesMissed (): void
  /** Called when another node says what it serves. */
  onDescribed (nodeId: string, description: Description, asks: boolean): void
  /** Called when another node leaves. */
  onNodeLeft (nodeId: string): void
}

/** What handling a message needs. */
export interface NodeListenerSettings extends NodeListeners {
  readonly link: NodeLink
  /** Ends a session on this node, because it has ended on all nodes. */
  close (sessionId: string, reason: SessionEnd, why?: string): void
  readonly logFailure: LogFailure
}

/** Creates the listener of a node. It returns the answers to `awaited` and `usage` messages. */
export function createNodeListener (
  table: SessionTable, support: SharedSupport, settings: NodeListenerSettings
): NodeListener {
  return function handle (message, from) {
    const session = 'sessionId' in message ? table.get(message.sessionId) : undefined
    if (message.kind === 'awaited') return { count: session?.awaiting(message.requestId).length ?? 0 }
    if (message.kind === 'usage') return { counts: countUsage(message.sessionIds) }
    if (message.kind === 'changed') settings.onChanged(message.events)
    else if (message.kind === 'missed') settings.onChangesMissed()
    else if (message.kind === 'serves') settings.onDescribed(from, message.description, message.asks)
    else if (message.kind === 'leaves') settings.onNodeLeft(from)
    else if (session !== undefined) handleFor(session, message, from)
    return undefined
  }

  function countUsage (sessionIds: readonly string[]): readonly number[] {
    return sessionIds.flatMap((sessionId) => {
      const { calls, streams } = table.get(sessionId)?.usage ?? UNUSED
      return [calls, streams]
    })
  }

  function handleFor (session: Session, message: NodeMessage, from: string): void {
    const { sessionId } = session
    const streams = support.streamsOf(sessionId)
    switch (message.kind) {
      case 'answered': return session.answer(message.id, message.answer)
      case 'cancelled': session.cancel(message.requestId, message.reason); break
      case 'notified': return settings.onNotified(session, message.method, message.params)
      case 'ended': return settings.close(sessionId, message.reason, message.why)
      case 'taken': if (streams?.release(message.streamId, message.turn) === true) confirm(sessionId, from); break
      case 'handed': return streams?.handOffConfirmed()
      case 'paused': return streams?.pause()
      case 'watched': return session.noteWatched(message.uri, message.watches)
    }
  }

  function confirm (sessionId: string, to: string): void {
    const sent = settings.link.send(to, { kind: 'handed', sessionId })
    sent.catch((error: unknown) => settings.logFailure(error, 'sending a message to another node'))
  }
}
