// Prints one line for each call of a tool, read of a resource and prompt that a server answers.
import { RpcError } from '../errors.ts'
import { Method } from '../protocol/methods.ts'
import type { Caller, Incoming, Outcome } from '../server/call/incoming.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { resultOf } from '../server/call/result.ts'
import { cleanLine } from './clean.ts'
import type { Terminal } from './terminal.ts'

/** How calls are printed. */
export interface CallPrinter extends Pick<Terminal, 'bold' | 'dim'> {
  print (line: string): void
}

interface Params { readonly name?: unknown, readonly uri?: unknown }

// How a call is named, by its method. Other methods are not printed: clients send them on their own.
const NAMES: ReadonlyMap<string, (params: Params) => string> = new Map([
  [Method.ToolsCall, ({ name }: Params) => String(name)],
  [Method.ResourcesRead, ({ uri }: Params) => `read ${String(uri)}`],
  [Method.PromptsGet, ({ name }: Params) => `prompt ${String(name)}`]
])

const NAME_WIDTH = 20
const OUTCOME_WIDTH = 7
const DURATION_WIDTH = 8
const LONGEST_TEXT = 300

const printed = new WeakSet<ServerDefinition>()

/**
 * Prints the calls that a definition serves from now on. The definition's own `serve` is replaced, because that works
 * for servers of every kind and costs servers outside `dev` nothing. A frozen definition is left as it is.
 */
export function printCalls (definition: ServerDefinition, printer: CallPrinter): void {
  if (printed.has(definition) || !Object.isExtensible(definition)) return
  printed.add(definition)
  const { serve } = definition
  definition.serve = function servePrinting (incoming) {
    const name = NAMES.get(incoming.message.method)?.(incoming.message.params as Params ?? {})
    const serving = serve.call(definition, incoming)
    if (name !== undefined) printEnd(serving, { name, incoming, began: performance.now() }, printer)
    return serving
  }
}

interface Call { readonly name: string, readonly incoming: Incoming, readonly began: number }

// Never rejects: what `serve` throws is for the transport.
async function printEnd (serving: Promise<Outcome>, call: Call, { print, bold, dim }: CallPrinter): Promise<void> {
  const { outcome, text = '' } = await serving.then(describeResult, describeError)
  const { caller, channel } = call.incoming
  const duration = `${Math.round(performance.now() - call.began)} ms`
  const name = cleanLine(call.name).padEnd(NAME_WIDTH)
  const word = outcome.padEnd(OUTCOME_WIDTH)
  const who = channel.isTrusted === true ? 'this app' : describeCaller(caller)
  const shown = outcome === 'ok' ? word : bold(word)
  print(`${name}  ${shown}  ${dim(`${duration.padStart(DURATION_WIDTH)}  ${who}`)}  ${cleanLine(text)}`.trimEnd())
}

interface Described { readonly outcome: string, readonly text?: string }

interface AnyResult {
  readonly isError?: boolean
  readonly resultType?: string
  readonly content?: readonly { readonly text?: string }[]
}

function describeResult (result: Outcome): Described {
  // The cast trusts the server to answer with what the protocol defines.
  const { isError, resultType, content = [] } = resultOf(result) as AnyResult
  if (resultType === 'input_required') return { outcome: 'asks' }
  if (isError !== true) return { outcome: 'ok' }
  return { outcome: 'failed', text: content.map(({ text = '' }) => text).join(' ').slice(0, LONGEST_TEXT) }
}

function describeError (error: unknown): Described {
  const text = error instanceof RpcError ? `${error.message} (${error.code})` : String(error)
  return { outcome: 'refused', text: text.slice(0, LONGEST_TEXT) }
}

function describeCaller ({ client: { info }, era }: Caller): string {
  return info === undefined ? `${era} client` : `${cleanLine(`${info.name} ${info.version}`)}, ${era}`
}
