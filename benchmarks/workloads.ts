// The workloads of contenders: their requests, and the expected answers.
import { ARGUMENTS, LISTED, LISTED_SCHEMA, PROGRESS, PROGRESS_TOKEN, REPORT, saved, SERVER_INFO } from './tools.ts'

/** One HTTP request. */
export interface Step {
  readonly method: 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The messages of the expected answer, normalised. */
  readonly answer: readonly object[]
}

/** The load of one contender. */
export interface Workload {
  /** The requests of a connection, sent again and again one after the other. */
  readonly steps: readonly Step[]
  /** Whether each request counts, or all steps together as one. */
  readonly unit: 'request' | 'session'
  /** Legacy sessions: each connection has one from the beginning, or its first step opens one. */
  readonly session?: 'given' | 'opened'
  /** Reply headers that must be there. */
  readonly replyHeaders?: Readonly<Record<string, string>>
}

/** The names of all workloads. */
export type WorkloadName = keyof typeof WORKLOADS

const JSON_TYPE = { 'content-type': 'application/json' }
const ACCEPT_BOTH = { accept: 'application/json, text/event-stream' }
const ACCEPT_STREAM = { accept: 'text/event-stream' }
/** The page that requests with authorization come from. */
export const ORIGIN = 'http://localhost:3000'
const LEGACY_VERSION = '2025-11-25'
const MODERN_VERSION = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': MODERN_VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {}
}

/** The request that opens a session. */
export const INITIALIZE: Step = legacy({
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: LEGACY_VERSION, capabilities: {}, clientInfo: { name: 'bench', version: '1.0.0' } }
}, [{ jsonrpc: '2.0', id: 0, result: { protocolVersion: LEGACY_VERSION, serverInfo: SERVER_INFO } }])

/** The notification that a client sends next. */
export const INITIALIZED: Step = legacy({ jsonrpc: '2.0', method: 'notifications/initialized' }, [])

const END: Step = {
  method: 'DELETE',
  headers: { ...ACCEPT_BOTH, 'mcp-protocol-version': LEGACY_VERSION },
  body: '',
  answer: []
}

const SAVED = { content: [{ type: 'text', text: saved(ARGUMENTS.text) }] }
const STRUCTURED = { content: [{ type: 'text', text: JSON.stringify(REPORT) }], structuredContent: REPORT }
const SAVED_STRUCTURED = {
  content: [{ type: 'text', text: JSON.stringify({ saved: ARGUMENTS.text }) }],
  structuredContent: { saved: ARGUMENTS.text }
}

const LEGACY_CALL = legacyCall('add_note', SAVED)
const LEGACY_STREAMED_CALL: Step = { ...LEGACY_CALL, headers: { ...LEGACY_CALL.headers, ...ACCEPT_STREAM } }
const MODERN_CALL = modernCall('add_note', SAVED)

/** All workloads. */
export const WORKLOADS = {
  'modern call': { steps: [MODERN_CALL], unit: 'request' },
  'modern call, authorized': {
    steps: [{ ...MODERN_CALL, headers: { ...MODERN_CALL.headers, origin: ORIGIN } }],
    unit: 'request',
    replyHeaders: { 'access-control-allow-origin': ORIGIN }
  },
  'modern list': {
    steps: [
      modern('tools/list', {}, [completed({ tools: LISTED.map((tool) => ({ ...tool, inputSchema: LISTED_SCHEMA })) })])
    ],
    unit: 'request'
  },
  'modern structured': { steps: [modernCall('report', STRUCTURED)], unit: 'request' },
  'modern progress': {
    steps: [
      modern('tools/call', { name: 'import_notes', arguments: ARGUMENTS, _meta: { progressToken: PROGRESS_TOKEN } }, [
        ...PROGRESS.map(progressMessage),
        completed(SAVED)
      ])
    ],
    unit: 'request'
  },
  'legacy call': { steps: [LEGACY_CALL], unit: 'request' },
  'legacy call, session': { steps: [LEGACY_CALL], unit: 'request', session: 'given' },
  'legacy session': { steps: [INITIALIZE, INITIALIZED, LEGACY_CALL, END], unit: 'session', session: 'opened' },
  'legacy call, authorized': { steps: [LEGACY_CALL], unit: 'request' },
  'legacy call, output validated': { steps: [legacyCall('add_note', SAVED_STRUCTURED)], unit: 'request' },
  'legacy call, SSE': { steps: [LEGACY_STREAMED_CALL], unit: 'request' },
  'legacy call, session, SSE': { steps: [LEGACY_STREAMED_CALL], unit: 'request', session: 'given' },
  'legacy call, session, events kept': { steps: [LEGACY_STREAMED_CALL], unit: 'request', session: 'given' }
} as const satisfies Readonly<Record<string, Workload>>

/** The workload of that name. */
export function workloadOf (name: WorkloadName): Workload {
  return WORKLOADS[name]
}

function legacy (message: object, answer: readonly object[]): Step {
  return {
    method: 'POST',
    headers: { ...JSON_TYPE, ...ACCEPT_BOTH, 'mcp-protocol-version': LEGACY_VERSION },
    body: JSON.stringify(message),
    answer
  }
}

function legacyCall (name: string, result: object): Step {
  return legacy({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: ARGUMENTS } }, [
    { jsonrpc: '2.0', id: 1, result }
  ])
}

function modernCall (name: string, result: object): Step {
  return modern('tools/call', { name, arguments: ARGUMENTS }, [completed(result)])
}

function modern (
  method: string, params: { readonly name?: string, readonly [key: string]: unknown }, answer: readonly object[]
): Step {
  return {
    method: 'POST',
    headers: {
      ...JSON_TYPE,
      ...ACCEPT_BOTH,
      'mcp-protocol-version': MODERN_VERSION,
      'mcp-method': method,
      ...(params.name !== undefined && { 'mcp-name': params.name })
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...params, _meta: { ...META, ...Object(params['_meta']) } }
    }),
    answer
  }
}

function completed (result: object): object {
  return { jsonrpc: '2.0', id: 1, result: { ...result, resultType: 'complete' } }
}

function progressMessage (progress: number): object {
  return {
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: PROGRESS_TOKEN, progress, total: PROGRESS.length }
  }
}
