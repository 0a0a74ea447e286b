// The messages between the nodes of a mount. A message that is read may come from another version or program.
import type { ChangeEvent } from '../../protocol/change.ts'
import {
  isRequestId, isWireObject, parseJson, type Params, type RequestId, type WireObject
} from '../../protocol/message.ts'
import type { SessionEnd } from '../../telemetry/events.ts'
import type { Answer } from '../questions.ts'
import { isDescription, type Description } from './description.ts'

/** The answer to a message that asks for a number, or for several. */
export interface NodeAnswer {
  readonly count?: number
  readonly counts?: readonly number[]
}

/** Why a session ended on all nodes. */
export type SharedEnd = Extract<SessionEnd, 'deleted' | 'refused' | 'displaced' | 'ended' | 'revoked'>

/**
 * A message from one node to another, or to all others. A node ignores unknown kinds: nodes of other versions send
 * them.
 */
export type NodeMessage =
  /** Lists or resources have changed. */
  | { readonly kind: 'changed', readonly events: readonly ChangeEvent[] }
  /** The receiver has missed changes, of which there were too many to name. */
  | { readonly kind: 'missed' }
  /** A client has answered a question of the receiver. */
  | { readonly kind: 'answered', readonly sessionId: string, readonly id: RequestId, readonly answer: Answer }
  /** Asks how many requests with an id the receiver is serving. The confirmation carries the answer. */
  | { readonly kind: 'awaited', readonly sessionId: string, readonly requestId: RequestId }
  /** A client has cancelled a request. The receiver ends it if it is the only one with that id. */
  | { readonly kind: 'cancelled', readonly sessionId: string, readonly requestId: RequestId, readonly reason: string }
  /** A client has sent some other notification. */
  | { readonly kind: 'notified', readonly sessionId: string, readonly method: string, readonly params: Params }
  /** A session has ended. */
  | { readonly kind: 'ended', readonly sessionId: string, readonly reason: SharedEnd, readonly why?: string }
  /** A client has connected to a stream through the sender. The connection with the highest turn stays. */
  | { readonly kind: 'taken', readonly sessionId: string, readonly streamId: string, readonly turn: number }
  /** Answers `taken` for a GET stream: the sender passed on all changes up to now. */
  | { readonly kind: 'handed', readonly sessionId: string }
  /** The node that has the connection of the session's GET stream must end it. */
  | { readonly kind: 'paused', readonly sessionId: string }
  /** A client has subscribed to a resource, or unsubscribed from it. */
  | { readonly kind: 'watched', readonly sessionId: string, readonly uri: string, readonly watches: boolean }
  /** Asks how much sessions are used on the receiver: two numbers for each, its calls and its streams. */
  | { readonly kind: 'usage', readonly sessionIds: readonly string[] }
  /** Says what the sender serves. @param asks Whether it needs to know the same of the receiver. */
  | { readonly kind: 'serves', readonly description: Description, readonly asks: boolean }
  /** The sender leaves the cluster. */
  | { readonly kind: 'leaves' }
  /** Confirms the message with this receipt. Answers to `awaited` are in `count`, those to `usage` in `counts`. */
  | { readonly kind: 'received', readonly receipt: string } & NodeAnswer

/** A message as it is published. */
export type Envelope = NodeMessage & {
  /** The id of the sender. */
  readonly from: string
  /** The receipt that a confirmation must name; absent if the sender needs none. */
  readonly receipt?: string
}

const isText = (value: unknown): value is string => typeof value === 'string'

const SHARED_ENDS: ReadonlySet<unknown> =
  new Set<SharedEnd>(['deleted', 'refused', 'displaced', 'ended', 'revoked'])

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

// The checks of each kind of message. The id of the session, which most kinds have, is checked apart.
const SHAPES: { readonly [kind in NodeMessage['kind']]: (message: WireObject) => boolean } = {
  changed: ({ events }) => Array.isArray(events),
  missed: () => true,
  answered: ({ id, answer }) => isRequestId(id) && isWireObject(answer),
  awaited: ({ requestId }) => isRequestId(requestId),
  cancelled: ({ requestId, reason }) => isRequestId(requestId) && isText(reason),
  notified: ({ method, params }) => isText(method) && isWireObject(params),
  ended: ({ reason, why }) => SHARED_ENDS.has(reason) && isTextOrNothing(why),
  taken: ({ streamId, turn }) => isText(streamId) && Number.isSafeInteger(turn),
  handed: () => true,
  paused: () => true,
  watched: ({ uri, watches }) => isText(uri) && typeof watches === 'boolean',
  usage: ({ sessionIds }) => Array.isArray(sessionIds) && sessionIds.every(isText),
  serves: ({ description, asks }) => isDescription(description) && typeof asks === 'boolean',
  leaves: () => true,
  received: ({ receipt, count, counts }) => isText(receipt) && (count === undefined || isCount(count)) &&
    (counts === undefined || (Array.isArray(counts) && counts.every(isCount)))
}

const WITHOUT_SESSION: ReadonlySet<unknown> =
  new Set<NodeMessage['kind']>(['changed', 'missed', 'usage', 'serves', 'leaves', 'received'])

/** Writes a message. */
export function encodeNodeMessage (message: Envelope): string {
  return JSON.stringify(message)
}

/** Parses a message. Returns a description of the problem if this node cannot read it. */
export function parseNodeMessage (text: string): Envelope | string {
  const message = parseJson(text)
  if (!isWireObject(message) || !isText(message.from)) return 'it is not a message of a node'
  const { kind } = message
  if (!isText(kind) || !Object.hasOwn(SHAPES, kind)) return `its kind is unknown: ${quote(kind)}`
  // `kind` is one of the keys.
  const hasShape = SHAPES[kind as NodeMessage['kind']](message)
  const hasSession = WITHOUT_SESSION.has(kind) || isText(message.sessionId)
  const isWellFormed = hasShape && hasSession && isTextOrNothing(message.receipt)
  if (!isWellFormed) return `a member of its kind '${kind}' is missing or has the wrong type`
  const known = kind === 'changed' ? { ...message, events: knownEvents(message.events) } : message
  // The checks above have proved the shape of its kind.
  return known as object as Envelope
}

// A newer version may have kinds of changes that no client of this version can be subscribed to.
function knownEvents (events: unknown): readonly ChangeEvent[] {
  // SHAPES has checked that it is an array.
  return (events as readonly unknown[]).filter(isChangeEvent)
}

function isChangeEvent (event: unknown): event is ChangeEvent {
  if (!isWireObject(event)) return false
  const { kind, uri } = event
  return kind === 'resource' ? isText(uri) : kind === 'tools' || kind === 'prompts' || kind === 'resources'
}

function isTextOrNothing (value: unknown): boolean {
  return value === undefined || isText(value)
}

const LONGEST_QUOTE = 40

// Shortens a foreign value for the log.
function quote (value: unknown): string {
  return isText(value) ? JSON.stringify(value.slice(0, LONGEST_QUOTE)) : `a value of type ${typeof value}`
}
