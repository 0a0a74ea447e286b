// The app of a tool (MCP Apps): what the server says of it.
import type { Tool } from '@modelcontextprotocol/client'
import { isObject } from '../schema/json-schema.ts'
import type { Connection } from './connection.ts'

/** The media type of apps. */
export const APP_TYPE = 'text/html;profile=mcp-app'

/** The URI of the app of a tool; undefined if it has none. */
export function appUriOf ({ _meta }: Tool): string | undefined {
  const ui = _meta?.['ui']
  // The flat key is what servers wrote before the nested one.
  const uri = isObject(ui) ? ui['resourceUri'] : _meta?.['ui/resourceUri']
  return typeof uri === 'string' && uri.startsWith('ui://') ? uri : undefined
}

/** An app. */
export interface ToolApp {
  readonly html: string
  /** The document that the HTML is written into, with the policy that the app asks for. */
  readonly frame: string
}

const DOMAINS = {
  connectDomains: 'connect',
  resourceDomains: 'resource',
  frameDomains: 'frame',
  baseUriDomains: 'base'
}

/** Reads an app from the server. */
export async function readApp ({ client, resources }: Connection, uri: string): Promise<ToolApp> {
  const { contents } = await client.readResource({ uri })
  const [found] = contents
  if (found?.mimeType?.replaceAll(' ', '') !== APP_TYPE) {
    throw new Error(`The type of ${uri} is ${found?.mimeType ?? 'missing'}, and has to be ${APP_TYPE}.`)
  }
  const html = 'text' in found ? found.text : new TextDecoder().decode(bytesOf(found.blob))
  const listed = resources.peek()?.find((resource) => resource.uri === uri)
  return { html, frame: `./app.html?${originsOf(found._meta) ?? originsOf(listed?._meta) ?? ''}` }
}

function originsOf (meta: object | undefined): URLSearchParams | undefined {
  const ui: unknown = Reflect.get(meta ?? {}, 'ui')
  if (!isObject(ui)) return undefined
  const csp = isObject(ui['csp']) ? ui['csp'] : {}
  return new URLSearchParams(Object.entries(DOMAINS).flatMap(([key, name]) => {
    const domains: unknown = csp[key]
    return Array.isArray(domains) ? domains.map((domain) => [name, String(domain)]) : []
  }))
}

function bytesOf (base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
