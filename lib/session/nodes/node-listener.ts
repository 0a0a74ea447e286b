// What a node does with the messages of the others.
import type { Params } from '../../protocol/message.ts'
import type { SessionEnd, SessionTable } from '../home.ts'
import type { Session } from '../session.ts'
import type { NodeLink } from './node-link.ts'
import type { NodeMessage } from './node-message.ts'
import type { SharedSupport } from './shared-support.ts'

/** Where the messages of other nodes go that the streams of sessions do not take. */
export interface NodeListeners {
  /** Called when a client has sent a notification to another node. */
  onNotified (session: Session, method: string, params: Params): void
  /** Called when another node tells something that is not of one session. */
  onTold (message: NodeMessage): void
}

/** What a listener does besides. */
export interface NodeListenerSettings extends NodeListeners {
  readonly link: NodeLink
  /** Ends a session here, because it has ended on all nodes. */
  close (sessionId: string, reason: SessionEnd): void
  /** Called when another node cannot be told. */
  onFailure (error: unknown, what: string): void
}

/** Returns a listener, which returns the answer to those messages that ask for a number. */
export function createNodeListener (
  table: SessionTable, support: SharedSupport, settings: NodeListenerSettings
): (message: NodeMessage, from: string) => number | undefined {
  return function hear (message, from) {
    const session = 'sessionId' in message ? table.get(message.sessionId) : undefined
    if (message.kind === 'awaited') return session?.awaiting(message.requestId).length ?? 0
    if (!('sessionId' in message)) settings.onTold(message)
    else if (session !== undefined) hearOf(session, message, from)
    return undefined
  }

  function hearOf (session: Session, message: NodeMessage, from: string): void {
    const { sessionId } = session
    const streams = support.streamsOf(sessionId)
    switch (message.kind) {
      case 'answered': return session.answer(message.id, message.answer)
      case 'cancelled': session.cancel(message.requestId, message.reason); break
      case 'notified': return settings.onNotified(session, message.method, message.params)
      case 'ended': return settings.close(sessionId, message.reason)
      case 'taken': if (streams?.release(message.streamId, message.turn) === true) confirm(sessionId, from); break
      case 'handed': return streams?.handedOff()
      case 'paused': return streams?.pause()
      case 'watched': return session.noteWatched(message.uri, message.watches)
    }
  }

  function confirm (sessionId: string, to: string): void {
    const told = settings.link.tell(to, { kind: 'handed', sessionId })
    told.catch((error: unknown) => settings.onFailure(error, 'the way to another node'))
  }
}
