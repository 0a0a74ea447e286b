// The tools of a modern mount, asked for before the official client is there. The client takes longer to start than all
// else of the page, and tools are what people look for first. The client asks for all lists again.
import type { Tool } from '@modelcontextprotocol/client'
import { isObject } from '../schema/json-schema.ts'

/** The revision of the modern era. */
export const MODERN = '2026-07-28'
/** Who the page is. */
export const PAGE = Object.freeze({ name: 'fastify-mcp-mount explorer', version: '1.0.0' })

/** Asks for the first tools. Resolves to undefined if the answer is anything else: the client finds out why. */
export async function askForTools (
  url: URL, capabilities: object, fetch: (url: URL, init: RequestInit) => Promise<Response>
): Promise<readonly Tool[] | undefined> {
  const meta = { protocolVersion: MODERN, clientInfo: PAGE, clientCapabilities: capabilities }
  const entries = Object.entries(meta).map(([name, value]) => [`io.modelcontextprotocol/${name}`, value])
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': MODERN,
        'mcp-method': 'tools/list'
      },
      body: JSON.stringify({
        jsonrpc: '2.0', id: 'first', method: 'tools/list', params: { _meta: Object.fromEntries(entries) }
      })
    })
    const answer: unknown = await response.json()
    return isObject(answer) && isObject(answer['result']) ? readTools(answer['result']['tools']) : undefined
  } catch {
    return undefined
  }
}

function readTools (tools: unknown): readonly Tool[] | undefined {
  return Array.isArray(tools) && tools.every(isTool) ? tools : undefined
}

// The client checks tools thoroughly, and refuses the list if one of them is wrong.
function isTool (value: unknown): value is Tool {
  if (!isObject(value)) return false
  const { name, title, description, inputSchema, outputSchema, annotations, _meta } = value
  return typeof name === 'string' && isObject(inputSchema) &&
    [title, description].every((text) => text === undefined || typeof text === 'string') &&
    [outputSchema, annotations, _meta].every((one) => one === undefined || isObject(one))
}
