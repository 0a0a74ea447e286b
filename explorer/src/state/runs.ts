// The runs of the page: calls of tools, reads of resources and prompts, with their progress and their results.
import { signal } from '@preact/signals'
import type { CallToolResult, GetPromptResult, Progress, ReadResourceResult } from '@modelcontextprotocol/client'
import type { Connection, LogEntry } from './connection.ts'
import type { Kind } from './place.ts'
import { isProtocolError, messageOf } from './problem.ts'

/** Arguments by their names. */
export type Args = Readonly<Record<string, unknown>>

/** The result of a run. */
export type RunResult =
  | { readonly kind: 'tool', readonly value: CallToolResult }
  | { readonly kind: 'resource', readonly value: ReadResourceResult }
  | { readonly kind: 'prompt', readonly value: GetPromptResult }

/** A failure of a run: an error of the protocol, or of the way to the server. */
export interface RunFailure {
  readonly message: string
  readonly code?: number
  readonly data?: unknown
}

/** One run. */
export interface Run {
  readonly id: number
  readonly mount: string
  readonly kind: Kind
  readonly name: string
  readonly args: Args
  readonly progress?: Progress
  readonly log: readonly LogEntry[]
  readonly result?: RunResult
  readonly failure?: RunFailure
  readonly wasCancelled?: boolean
  /** How many milliseconds it took; undefined while it runs. */
  readonly duration?: number
}

const MAX_RUNS = 50
// Calls may take as long as they like: the user can cancel them.
const NO_TIMEOUT = 2 ** 31 - 1

/** The runs, the newest first. */
export const runs = signal<readonly Run[]>([])

const cancels = new Map<number, AbortController>()
let lastId = 0

/** What is run. */
export interface RunRequest {
  readonly kind: Kind
  /** The name of the tool or prompt, or the URI of the resource. */
  readonly name: string
  readonly args: Args
}

/** Runs something, and shows what becomes of it. */
export async function startRun (connection: Connection, request: RunRequest): Promise<void> {
  const id = ++lastId
  const controller = new AbortController()
  cancels.set(id, controller)
  const { name: mount } = connection.mount
  runs.value = [{ ...request, id, mount, log: [] }, ...runs.value].slice(0, MAX_RUNS)
  const began = performance.now()
  const seen = connection.logCount
  const stopLog = connection.log.subscribe((log) => {
    updateSoon(id, { log: log.filter(({ count }) => count > seen) })
  })
  try {
    const result = await send(connection, request, {
      signal: controller.signal,
      timeout: NO_TIMEOUT,
      onprogress: (progress) => { updateSoon(id, { progress }) }
    })
    connection.drawLog()
    update(id, { result, duration: performance.now() - began })
  } catch (error) {
    connection.drawLog()
    const wasCancelled = controller.signal.aborted
    update(id, { failure: describeFailure(error), wasCancelled, duration: performance.now() - began })
  } finally {
    stopLog()
    cancels.delete(id)
  }
}

interface SendOptions {
  readonly signal: AbortSignal
  readonly timeout: number
  readonly onprogress: (progress: Progress) => void
}

// Modern servers log only for requests that ask for it.
const META = { _meta: { 'io.modelcontextprotocol/logLevel': 'debug' as const } }

async function send (connection: Connection, request: RunRequest, options: SendOptions): Promise<RunResult> {
  const { kind, name, args } = request
  const { client } = connection
  const meta = connection.server.peek()?.era === 'modern' ? META : {}
  switch (kind) {
    case 'tool':
      return { kind, value: await client.callTool({ name, arguments: { ...args }, ...meta }, options) }
    case 'prompt':
      // Prompts take texts alone.
      return { kind, value: await client.getPrompt({ name, arguments: textsOf(args), ...meta }, options) }
    default:
      return {
        kind: 'resource',
        value: await client.readResource({ uri: name, ...meta }, { ...options, cacheMode: 'refresh' })
      }
  }
}

function textsOf (args: Args): Record<string, string> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, String(value)]))
}

function update (id: number, change: Partial<Run>): void {
  const earlier = waiting.get(id)
  waiting.delete(id)
  runs.value = runs.value.map((run) => run.id === id ? { ...run, ...earlier, ...change } : run)
}

// Progress may come thousands of times a second, and the page is drawn once for what comes together.
const waiting = new Map<number, Partial<Run>>()

function updateSoon (id: number, change: Partial<Run>): void {
  if (waiting.size === 0) setTimeout(() => { for (const one of waiting.keys()) update(one, {}) }, 50)
  waiting.set(id, { ...waiting.get(id), ...change })
}

/** Cancels a run. */
export function cancelRun (id: number): void {
  cancels.get(id)?.abort('cancelled by the user')
}

function describeFailure (error: unknown): RunFailure {
  const message = messageOf(error)
  return isProtocolError(error) ? { message, code: error.code, data: error.data } : { message }
}

/** The newest run of an item. */
export function lastRunOf (mount: string, kind: Kind, name: string): Run | undefined {
  return runs.value.find((run) => run.mount === mount && run.kind === kind && run.name === name)
}
