// Prints one line for each call of a tool, read of a resource and prompt, from the events that the call log is made of.
import { RpcError } from '../errors.ts'
import { parseJson } from '../protocol/message.ts'
import { refusals, requests } from '../telemetry/channels.ts'
import type { MountIdentity, RefusalEvent, RequestEvent } from '../telemetry/events.ts'
import { targetOf } from '../telemetry/read-event.ts'
import { cleanLine } from './clean.ts'
import type { Terminal } from './terminal.ts'

/** How calls are printed. */
export interface CallPrinter extends Pick<Terminal, 'bold' | 'dim'> {
  print (line: string): void
}

const NAME_WIDTH = 20
const OUTCOME_WIDTH = 7
const DURATION_WIDTH = 8
const LONGEST_TEXT = 300

/** A line before it is printed. */
interface Line {
  readonly name: string
  readonly outcome: string
  /** Milliseconds; absent if no server has seen the call. */
  readonly duration?: number | undefined
  readonly who?: string
  readonly text?: string
}

/**
 * Prints calls from now on. Returns a function that ends this.
 * @param isShown Chooses the mounts whose calls are printed.
 */
export function printCalls (
  { print, bold, dim }: CallPrinter, isShown: (event: MountIdentity) => boolean = () => true
): () => void {
  function write ({ name, outcome, duration, who = '', text = '' }: Line): void {
    const time = duration === undefined ? '' : `${Math.round(duration)} ms`
    const word = outcome.padEnd(OUTCOME_WIDTH)
    const shown = outcome === 'ok' ? word : bold(word)
    const details = dim(`${time.padStart(DURATION_WIDTH)}  ${who}`)
    const end = cleanLine(text).slice(0, LONGEST_TEXT)
    print(`${cleanLine(name).padEnd(NAME_WIDTH)}  ${shown}  ${details}  ${end}`.trimEnd())
  }
  // The channels have no other messages.
  const onCall = (message: unknown): void => {
    const event = message as RequestEvent
    // Clients send requests of other methods on their own.
    if (targetOf(event) !== undefined && isShown(event)) write(describeCall(event))
  }
  const onRefusal = (message: unknown): void => {
    const event = message as RefusalEvent
    const { target, message: text, code } = event
    if (target !== undefined && isShown(event)) write({ name: target, outcome: 'refused', text: `${text} (${code})` })
  }
  requests.asyncEnd.subscribe(onCall)
  refusals.subscribe(onRefusal)
  return function endCallLines () {
    requests.asyncEnd.unsubscribe(onCall)
    refusals.unsubscribe(onRefusal)
  }
}

function describeCall (event: RequestEvent): Line {
  const { tool, prompt, uri, duration, transport } = event
  return {
    name: tool ?? (prompt === undefined ? `read ${uri}` : `prompt ${prompt}`),
    duration,
    who: transport === 'host' ? 'this app' : describeClient(event),
    ...describeOutcome(event)
  }
}

function describeOutcome ({ outcome, result, error }: RequestEvent): Pick<Line, 'outcome' | 'text'> {
  if (outcome === 'ok' || outcome === 'cancelled') return { outcome }
  if (outcome === 'input_required') return { outcome: 'asks' }
  if (result !== undefined) return { outcome: 'failed', text: textOf(result) }
  return { outcome: 'refused', text: error instanceof RpcError ? `${error.message} (${error.code})` : String(error) }
}

// The result of a definition that is the app's own may be anything.
function textOf (result: unknown): string {
  const { content } = Object(typeof result === 'string' ? parseJson(result) : result)
  return Array.isArray(content) ? content.map((block) => Object(block).text ?? '').join(' ') : ''
}

function describeClient ({ client, era }: RequestEvent): string {
  return client === undefined ? `${era} client` : `${cleanLine(`${client.name} ${client.version}`)}, ${era}`
}
