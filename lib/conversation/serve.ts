// Serves checked requests, over every transport.
import { UnavailableError, type RpcError } from '../errors.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { Channel, Incoming, Outcome } from '../server/call/incoming.ts'
import { toRpcError } from '../server/call/failure.ts'
import { encodeReply } from '../server/call/result.ts'
import type { Running } from '../session/running.ts'
import type { Session } from '../session/session.ts'
import type { Places, PlaceTaker } from '../shares/shares.ts'
import { requests } from '../telemetry/channels.ts'
import { refusePlace } from './places.ts'
import { servePublishing } from './request-events.ts'

/** The channel of a request, which also takes its reply. */
export interface Answering extends Channel {
  /** Sends the reply. @param json The JSON-RPC message. */
  answer (json: string): void
  /** Sends the error of a request that failed. @param request The request. All requests of a batch share a channel. */
  fail (error: RpcError, request: Incoming): void
}

/** A request whose channel takes the reply. */
export interface Answerable extends Incoming {
  readonly channel: Answering
}

/** A call that needs a place. */
export interface ArrivedCall extends PlaceTaker {
  readonly id: RequestId
}

/** A request of a session. */
export interface SessionRequest {
  readonly session: Session
  readonly message: RequestMessage
  readonly channel: Answering & Running
}

/** The parts that serve the requests of sessions. */
export interface SessionServer {
  readonly definition: ServerDefinition
  readonly sessions: {
    /** Marks the end of a request. The idle time of its session starts then. */
    settle (session: Session, id: RequestId, running: Running): void
    /** Ends a session. */
    finish (sessionId: string, reason: 'refused'): unknown
  }
}

/**
 * Serves a call if there is a place for it, and otherwise returns a refusal. The call holds its place until `run` has
 * ended, even if its client leaves earlier: otherwise a client could run any number of calls by leaving each.
 *
 * @param run Serves the call. Never rejects.
 */
export function serveInPlace (
  calls: Places, call: ArrivedCall, run: () => Promise<unknown>
): Refusal | undefined {
  const noPlace = calls.take(call)
  if (noPlace !== undefined) return refusePlace(noPlace, 'calls in flight', call.id)
  run().then(() => calls.release(call))
  return undefined
}

/**
 * Has a definition serve a request, and resolves to what `use` makes of the outcome.
 * @throws what the definition or `use` threw.
 */
export async function serveFor<T> (
  definition: ServerDefinition, request: Incoming, use: (outcome: Outcome) => T
): Promise<T> {
  if (requests.hasSubscribers) return await servePublishing(definition, request, use)
  return use(await definition.serve(request))
}

/** Serves one request, and resolves to whether it succeeded. Never rejects. */
export async function serve (definition: ServerDefinition, request: Answerable): Promise<boolean> {
  const { message, channel } = request
  try {
    channel.answer(requests.hasSubscribers
      ? await servePublishing(definition, request, (outcome) => encodeReply(outcome, message.id))
      : encodeReply(await definition.serve(request), message.id))
    return true
  } catch (error) {
    channel.fail(toRpcError(error, channel.log), request)
    return false
  }
}

/** Serves one request of a session. Never rejects. */
export async function serveInSession (
  { definition, sessions }: SessionServer, { session, message, channel }: SessionRequest
): Promise<void> {
  const request = { message, caller: session, channel }
  const isInitialize = message.method === Method.Initialize
  const running = isInitialize ? createInitializing(request, channel) : channel
  session.begin(message.id, running)
  if (!isInitialize) session.use()
  const served = await serve(definition, request)
  sessions.settle(session, message.id, running)
  // A failed `initialize` leaves no session.
  if (isInitialize && !served) sessions.finish(session.sessionId, 'refused')
}

// Clients do not cancel `initialize` (MCP 2025-11-25 cancellation). But its session may end while it runs, because the
// app closes or another session needs its place.
function createInitializing (request: Answerable, channel: Answering & Running): Running {
  return {
    get isOver () { return channel.isOver },
    cancel: (reason) => { channel.fail(new UnavailableError(`${reason}; try again later`), request) }
  }
}
