// Publishes how requests are served. This only runs while there are subscribers.
import { parseJson, type Params } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { hasLeft } from '../server/call/has-left.ts'
import type { Incoming, Outcome } from '../server/call/incoming.ts'
import { outcomeOfError, outcomeOfResult } from '../server/call/request-outcome.ts'
import { requests } from '../telemetry/channels.ts'
import type { MountIdentity, RequestEvent, RequestOutcome } from '../telemetry/events.ts'
import { describeSender } from '../telemetry/sender.ts'

/**
 * Has a definition serve a request, and publishes how it went. The definition runs in the async contexts that
 * subscribers have bound to the channel `start`.
 * @param use Turns the outcome into what the transport sends. The request has failed if it throws.
 * @throws what the definition or `use` threw.
 */
export async function servePublishing<T> (
  definition: ServerDefinition, incoming: Incoming, use: (outcome: Outcome) => T
): Promise<T> {
  const { channel, channel: { identity } } = incoming
  if (identity === undefined) return use(await definition.serve(incoming))

  const event = createEvent(incoming, identity)
  const began = performance.now()
  const end = (outcome: RequestOutcome): void => {
    event.duration = performance.now() - began
    event.outcome = hasLeft(channel) ? 'cancelled' : outcome
  }
  let reported: RequestOutcome | undefined
  const report = (outcome: RequestOutcome, error?: unknown): void => {
    reported = outcome
    if (error !== undefined) event.error = error
  }

  // Set before the promise resolves. The promise resolves to the outcome, which Node.js adds to the event.
  let used = undefined as T
  await requests.tracePromise(async function serveRequest () {
    try {
      const outcome = await definition.serve({ ...incoming, report })
      used = use(outcome)
      end(reported ?? outcomeOfResult(readResult(outcome)))
      return outcome
    } catch (error) {
      end(outcomeOfError(error))
      throw error
    }
  }, event)
  return used
}

function createEvent ({ message, caller, channel }: Incoming, identity: MountIdentity): RequestEvent {
  const { sessionId, client: { info: client } } = caller
  const { auth, request, isTrusted } = channel
  const { id, method, params } = message
  return {
    ...describeSender(identity, { sessionId, auth, request, isTrusted }),
    era: caller.era,
    revision: caller.protocolVersion,
    method,
    ...readTarget(method, params),
    params,
    requestId: id,
    ...(client !== undefined && { client }),
    startTime: Date.now()
  }
}

function readTarget (method: string, { name, uri }: Params): Pick<RequestEvent, 'tool' | 'prompt' | 'uri'> {
  if (method === Method.ToolsCall && typeof name === 'string') return { tool: name }
  if (method === Method.PromptsGet && typeof name === 'string') return { prompt: name }
  return method === Method.ResourcesRead && typeof uri === 'string' ? { uri } : {}
}

// The text of a definition of the app's own may not even be JSON.
function readResult (outcome: Outcome): object {
  return typeof outcome === 'string' ? Object(parseJson(outcome)) : outcome
}
