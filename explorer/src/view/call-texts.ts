// A call of a tool as a command, or as a test. The user fills in the token, which it names as a variable.
import { shellQuote } from '../../../lib/explorer/connect.ts'
import { asSchema, isObject, type JsonSchema } from '../schema/json-schema.ts'
import { MODERN } from '../state/first-look.ts'
import type { Args } from '../state/runs.ts'

/** A call of a tool. */
export interface Call {
  readonly name: string
  readonly schema: JsonSchema
  readonly args: Args
  readonly url: string
  readonly mount: string
  readonly era: 'modern' | 'legacy'
  /** Whether a legacy call needs a session. */
  readonly hasSessions: boolean
  readonly needsToken: boolean
}

const CLIENT = { name: 'curl', version: '1.0.0' }
const LEGACY = '2025-11-25'

/** Writes a call as a command with `curl`. A legacy call is preceded by one that opens a session. */
export function writeCurl (call: Call): string {
  return call.era === 'modern' ? writeModern(call) : writeLegacy(call)
}

function writeModern ({ name, schema, args, url, needsToken }: Call): string {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': CLIENT,
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  const headers = [
    `MCP-Protocol-Version: ${MODERN}`, 'Mcp-Method: tools/call', `Mcp-Name: ${headerValue(name)}`,
    ...listParamHeaders(schema, args)
  ]
  const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: meta } }
  return writePost({ url, headers, needsToken, body })
}

function writeLegacy ({ name, args, url, hasSessions, needsToken }: Call): string {
  const params = { protocolVersion: LEGACY, capabilities: {}, clientInfo: CLIENT }
  const initialize = writePost({
    url,
    headers: [],
    needsToken,
    body: { jsonrpc: '2.0', id: 0, method: 'initialize', params },
    options: ' -D - -o /dev/null'
  })
  const call = writePost({
    url,
    headers: [`MCP-Protocol-Version: ${LEGACY}`],
    needsToken,
    needsSession: hasSessions,
    body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }
  })
  if (!hasSessions) return call
  return `SESSION=$(${initialize} | tr -d '\\r' | grep -i '^mcp-session-id:' | cut -d' ' -f2)\n${call}`
}

interface CurlPost {
  readonly url: string
  readonly headers: readonly string[]
  readonly needsToken: boolean
  readonly needsSession?: boolean
  readonly body: object
  readonly options?: string
}

function writePost ({ url, headers, needsToken, needsSession = false, body, options = '' }: CurlPost): string {
  const all = ['Content-Type: application/json', 'Accept: application/json, text/event-stream', ...headers]
  // In double quotes the shell fills in its variables, so nothing that the server has named may stand in these.
  const secrets = [
    ...needsSession ? ['-H "Mcp-Session-Id: $SESSION"'] : [],
    ...needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []
  ]
  const text = JSON.stringify(body)
  const data = isLong(text) ? fromInput('--data-binary @-', text) : `-d ${shellQuote(text)}`
  return [
    `curl -s${options} ${shellQuote(url)}`, ...all.map((header) => `-H ${shellQuote(header)}`), ...secrets, data
  ].join(' \\\n  ')
}

// Linux takes 128 KiB in one argument of a command.
const MAX_ARGUMENT = 100_000

function isLong (text: string): boolean {
  return new TextEncoder().encode(text).length > MAX_ARGUMENT
}

// JSON has no line breaks, so no line of it ends the text.
function fromInput (option: string, json: string): string {
  return `${option} <<'JSON'\n${json}\nJSON`
}

// MCP 2026-07-28 transports, Custom Headers from Tool Parameters.
function listParamHeaders (schema: JsonSchema, value: unknown): readonly string[] {
  return Object.entries(asSchema(schema.properties)).flatMap(([name, property]) => {
    const one = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
    const header = asSchema(property)['x-mcp-header']
    const isMirrored = typeof header === 'string' && ['string', 'number', 'boolean'].includes(typeof one)
    return isMirrored ? [`Mcp-Param-${header}: ${headerValue(String(one))}`] : listParamHeaders(asSchema(property), one)
  })
}

// MCP 2026-07-28 transports, Header Encoding: what a header cannot carry is written in Base64.
function headerValue (text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.startsWith('=?base64?')) return text
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}?=`
}

/** Writes a call as a command of this package. */
export function writeCommand ({ name, args, url, era, needsToken }: Call): string {
  const json = JSON.stringify(args)
  const given = isLong(json) ? [fromInput('-', json)] : json === '{}' ? [] : [shellQuote(json)]
  return [
    ...needsToken ? ['MCP_TOKEN=$TOKEN'] : [],
    `npx fastify-mcp-mount inspect ${shellQuote(url)}`,
    ...era === 'legacy' ? ['--era legacy'] : [],
    `call ${shellQuote(name)}`,
    ...given
  ].join(' ')
}

/** Writes a call as a test for the test runner of Node.js. */
export function writeTest ({ name, args, mount, era }: Call): string {
  const options = era === 'legacy' ? ", { era: 'legacy' }" : ''
  const given = JSON.stringify(args, null, 2).replaceAll('\n', '\n    ')
  return `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestClient } from 'fastify-mcp-mount/testing'
import { buildApp } from './app.ts'

test(${quote(`${name} answers`)}, async (t) => {
  const app = buildApp()
  t.after(() => app.close())
  const client = await createTestClient(app, ${quote(mount)}${options})

  const result = await client.callTool({
    name: ${quote(name)},
    arguments: ${given}
  })

  assert.notEqual(result.isError, true)
})
`
}

function quote (text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
