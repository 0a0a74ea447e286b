// The support of sessions that several nodes serve: the store holds what all nodes need to know of a session.
import { WatchBudget } from '../../notify/watch-budget.ts'
import { topicOfResource } from '../../protocol/change.ts'
import type { LogLevel } from '../../protocol/log-level.ts'
import { hasPriming } from '../../protocol/revisions.ts'
import type { WatchedResources } from '../../server/call/incoming.ts'
import type { SessionChange } from '../../store/session-store.ts'
import type { SharedResumption } from '../stream/shared-stream.ts'
import type { SessionSupport, SupportedSession } from '../support.ts'
import type { WatchedUris } from '../watched-uris.ts'
import { NodeStreams, type NodeParts } from './node-streams.ts'
import { unavailable } from './unavailable.ts'

/** The settings of a {@link SharedSupport}. */
export interface SharedSupportSettings {
  /** Milliseconds that a disconnected client waits before it reconnects. */
  readonly retryInterval: number | undefined
  /** The budget of the URIs that sessions watch. @default a new one */
  readonly watching?: WatchBudget | undefined
}

/** The support of sessions that several nodes serve. */
export class SharedSupport implements SessionSupport {
  readonly isResumable = true
  readonly watching: WatchBudget
  readonly #parts: NodeParts
  readonly #retryInterval: number | undefined
  // The streams of sessions that have streams on this node.
  readonly #streams = new Map<string, NodeStreams>()

  constructor (parts: NodeParts, { retryInterval, watching = new WatchBudget() }: SharedSupportSettings) {
    this.watching = watching
    this.#parts = parts
    this.#retryInterval = retryInterval
  }

  get prefix (): string { return `${this.#parts.node.id}-` }

  /** The streams of all sessions that have streams on this node. */
  get allStreams (): Iterable<NodeStreams> { return this.#streams.values() }

  createStreams (session: SupportedSession): NodeStreams {
    const streams = new NodeStreams(session, this.#parts, this.#resumptionFor(session))
    // After the end of the session, nothing would remove them again.
    if (!session.isEnded) this.#streams.set(session.sessionId, streams)
    return streams
  }

  /** Returns the streams of a session; undefined if it has none on this node. */
  streamsOf (sessionId: string): NodeStreams | undefined {
    return this.#streams.get(sessionId)
  }

  /** Removes the streams of a session that has ended on this node, and returns them. */
  forget (sessionId: string): NodeStreams | undefined {
    const streams = this.#streams.get(sessionId)
    this.#streams.delete(sessionId)
    return streams
  }

  subscriptionsOf (session: SupportedSession, watched: WatchedUris): WatchedResources {
    return {
      get size () { return watched.size },
      has: (uri) => watched.has(uri),
      add: (uri) => this.#subscribe(session, watched, uri),
      delete: (uri) => this.#unsubscribe(session, watched, uri)
    }
  }

  async storeLogLevel (session: SupportedSession, level: LogLevel): Promise<void> {
    await this.#store(session, { kind: 'logLevel', level })
  }

  async #subscribe (session: SupportedSession, watched: WatchedUris, uri: string): Promise<void> {
    const { sessionId } = session
    // The limits count the subscriptions that the client made through any node.
    const state = await this.#parts.node.sessions.readState(sessionId).catch(unavailable)
    for (const known of state?.subscriptions ?? []) session.noteWatched(known, true)
    const isNew = !watched.has(uri)
    // Counted before the store answers, so that concurrent requests cannot exceed the limits.
    watched.add(uri)
    try {
      await this.#store(session, { kind: 'subscribe', topic: topicOfResource(uri), uri })
    } catch (error) {
      if (isNew) watched.delete(uri)
      throw error
    }
    await this.#broadcastWatched(session, uri, true)
  }

  async #unsubscribe (session: SupportedSession, watched: WatchedUris, uri: string): Promise<void> {
    await this.#store(session, { kind: 'unsubscribe', topic: topicOfResource(uri) })
    watched.delete(uri)
    await this.#broadcastWatched(session, uri, false)
  }

  async #broadcastWatched ({ sessionId }: SupportedSession, uri: string, watches: boolean): Promise<void> {
    await this.#parts.link.broadcast({ kind: 'watched', sessionId, uri, watches }).catch(unavailable)
  }

  // A change is acknowledged only after the store has it.
  async #store ({ sessionId }: SupportedSession, change: SessionChange): Promise<void> {
    await this.#parts.node.sessions.change(sessionId, change).catch(unavailable)
  }

  #resumptionFor ({ protocolVersion }: SupportedSession): SharedResumption {
    const { node, logFailure, outage } = this.#parts
    const primes = hasPriming(protocolVersion)
    return { store: node.events, retryInterval: this.#retryInterval, primes, logFailure, untilBack: outage.untilBack }
  }
}
