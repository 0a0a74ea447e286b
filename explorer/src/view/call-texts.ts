// A call of a tool as a command, or as a test. The user fills in the tokens and sessions, which it names as variables.
import { shellQuote } from '../../../lib/explorer/connect.ts'
import { MODERN } from '../state/first-look.ts'
import type { Args } from '../state/runs.ts'

/** A call of a tool. */
export interface Call {
  readonly name: string
  readonly args: Args
  readonly url: string
  readonly mount: string
  readonly era: 'modern' | 'legacy'
  readonly needsToken: boolean
}

/** Writes a call as a command with `curl`. A legacy call needs the ID of an open session. */
export function writeCurl ({ name, args, url, era, needsToken }: Call): string {
  const isModern = era === 'modern'
  const meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 'curl', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  const params = { name, arguments: args, ...(isModern && { _meta: meta }) }
  const headers = [
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...isModern
      ? [`MCP-Protocol-Version: ${MODERN}`, 'Mcp-Method: tools/call', `Mcp-Name: ${headerValue(name)}`]
      : ['MCP-Protocol-Version: 2025-11-25']
  ].map((header) => `-H ${shellQuote(header)}`)
  // Variables of the shell, which only double quotes let it fill in. Nothing of the server may stand in these.
  const secrets = [
    ...isModern ? [] : ['-H "Mcp-Session-Id: $SESSION"'],
    ...needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []
  ]
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return [`curl -s ${shellQuote(url)}`, ...headers, ...secrets, `-d ${shellQuote(body)}`].join(' \\\n  ')
}

// MCP 2026-07-28 transports, Header Encoding: what a header cannot carry is written in Base64.
function headerValue (text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.startsWith('=?base64?')) return text
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}?=`
}

/** Writes a call as a command of this package. */
export function writeCommand ({ name, args, url, era, needsToken }: Call): string {
  return [
    ...needsToken ? ['MCP_TOKEN=$TOKEN'] : [],
    `npx fastify-mcp-mount inspect ${shellQuote(url)} call ${shellQuote(name)}`,
    ...Object.keys(args).length === 0 ? [] : [shellQuote(JSON.stringify(args))],
    ...era === 'legacy' ? ['--era legacy'] : []
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
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}
