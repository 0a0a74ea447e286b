// A call as text to take elsewhere: a command, a test, or a URL. None holds a secret.
import type { JSX } from 'preact'
import { shellQuote } from '../../../lib/explorer/connect.ts'
import { CopyButton } from '../parts/copy-button.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { LongText } from '../parts/text.tsx'
import { asSchema, type JsonSchema } from '../schema/json-schema.ts'
import type { Connection } from '../state/connection.ts'
import { credentials } from '../state/credentials.ts'
import { urlOf } from '../state/place.ts'
import type { Args } from './arguments.tsx'

interface CopyAsProps {
  readonly connection: Connection
  readonly name: string
  readonly schema: JsonSchema
  readonly args: Args
}

/** A call of a tool as text. */
export function CopyAs ({ connection, name, schema, args }: CopyAsProps): JSX.Element {
  const shown = withoutSecrets(schema, args)
  const { mount, url } = connection
  const era = connection.server.value?.era ?? 'modern'
  const needsToken = credentials.value[mount.name]?.token !== undefined || mount.auth.kind === 'oauth'
  const call: Call = { name, args: shown, url: url.href, mount: mount.name, era, needsToken }
  const texts = [
    ['curl', curl(call)],
    ['CLI', inspect(call)],
    ['Test', testCode(call)],
    ['URL', urlOf({ mount: mount.name, kind: 'tool', name, era, args: JSON.stringify(shown) })]
  ] as const
  return (
    <Tabs
      label='Copy as' tabs={texts.map(([id, text]) => ({
        id,
        label: id,
        render: () => (
          <div class='copyable'>
            <CopyButton text={text} what={`the call as ${id}`} />
            <LongText text={text} isCode />
          </div>
        )
      }))}
    />
  )
}

interface Call {
  readonly name: string
  readonly args: Args
  readonly url: string
  readonly mount: string
  readonly era: 'modern' | 'legacy'
  readonly needsToken: boolean
}

/** Leaves out the arguments that are secrets. */
export function withoutSecrets (schema: JsonSchema, args: Args): Args {
  const properties = asSchema(schema.properties)
  return Object.fromEntries(Object.entries(args).filter(([name]) => {
    const { format, writeOnly } = asSchema(properties[name])
    return format !== 'password' && writeOnly !== true
  }))
}

function curl ({ name, args, url, era, needsToken }: Call): string {
  const isModern = era === 'modern'
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'curl', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  const params = { name, arguments: args, ...(isModern && { _meta: meta }) }
  const headers = [
    'Content-Type: application/json',
    'Accept: application/json, text/event-stream',
    ...isModern
      ? ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', `Mcp-Name: ${headerValue(name)}`]
      : ['MCP-Protocol-Version: 2025-11-25', 'Mcp-Session-Id: $SESSION']
  ].map((header) => `-H ${header.includes('$') ? `"${header}"` : shellQuote(header)}`)
  const token = needsToken ? ['-H "Authorization: Bearer $TOKEN"'] : []
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
  return [`curl -s ${shellQuote(url)}`, ...headers, ...token, `-d ${shellQuote(body)}`].join(' \\\n  ')
}

// MCP 2026-07-28 transports, Header Encoding: what a header cannot carry is written in Base64.
function headerValue (text: string): string {
  if (/^[!-~](?:[ -~]*[!-~])?$/.test(text) && !text.startsWith('=?base64?')) return text
  return `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}?=`
}

function inspect ({ name, args, url, era, needsToken }: Call): string {
  return [
    ...needsToken ? ['MCP_TOKEN=$TOKEN'] : [],
    `npx fastify-mcp-mount inspect ${shellQuote(url)} call ${shellQuote(name)}`,
    ...Object.keys(args).length === 0 ? [] : [shellQuote(JSON.stringify(args))],
    ...era === 'legacy' ? ['--era legacy'] : []
  ].join(' ')
}

function testCode ({ name, args, mount, era }: Call): string {
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
