// Formats the answers of endpoints for people to read.
import { isDeepStrictEqual } from 'node:util'
import type { Endpoint } from './endpoint.ts'
import type { Item, ListMethod, Result } from './lists.ts'
import { Method } from '../protocol/methods.ts'
import { clean, cleanJson, cleanLine } from './clean.ts'
import { formatSchema, type Schema } from './schema-text.ts'
import { type Terminal, wrap } from './terminal.ts'
import { layTable } from './table.ts'

/** One list of the protocol. */
interface ListInfo {
  readonly title: string
  /** The capability of servers that have the list. */
  readonly capability: string
  readonly method: ListMethod
  /** The name of the list in results. */
  readonly list: string
}

export type ListName = 'tools' | 'resources' | 'prompts'

/** The lists of the protocol, by the names that `inspect` takes. */
export const LIST_NAMES: Readonly<Record<ListName, readonly ListInfo[]>> = Object.freeze({
  tools: [{ title: 'Tools', capability: 'tools', method: Method.ToolsList, list: 'tools' }],
  resources: [
    { title: 'Resources', capability: 'resources', method: Method.ResourcesList, list: 'resources' },
    {
      title: 'Resource templates',
      capability: 'resources',
      method: Method.ResourceTemplatesList,
      list: 'resourceTemplates'
    }
  ],
  prompts: [{ title: 'Prompts', capability: 'prompts', method: Method.PromptsList, list: 'prompts' }]
})

/** Formats the name, revision and instructions of a server. */
export function formatServer (
  { serverInfo, era, protocolVersion, instructions }: Endpoint, { bold, dim, columns }: Terminal
): string[] {
  const name = serverInfo === undefined
    ? 'A server without a name'
    : `${serverInfo.title ?? serverInfo.name} ${serverInfo.version}`
  const lines = instructions === undefined ? [] : [...wrap(cleanLine(instructions), columns), '']
  return [`${bold(cleanLine(name))} ${dim(`revision ${cleanLine(protocolVersion)}, ${era} era`)}`, '', ...lines]
}

/** Formats a list. @param args Whether the arguments of each item are included. */
export function formatList (
  title: string, items: readonly Item[], terminal: Terminal, args?: 'with arguments'
): readonly string[] {
  const entries = items.map((item) => ({
    name: nameOfItem(item),
    text: String(item.description ?? item.title ?? ''),
    details: args === undefined ? [] : describeArguments(item)
  }))
  return layTable(title, entries, terminal)
}

/** Returns how an item is called: by its URI or template if it has one, else by its name. */
export function nameOfItem ({ uri, uriTemplate, name }: Item): string {
  return String(uri ?? uriTemplate ?? name)
}

interface PromptArgument {
  readonly name: string
  readonly required?: boolean
  readonly description?: string
}

// Here and below, the casts trust the server to answer with what the protocol defines.
function describeArguments ({ inputSchema, arguments: args }: Item): readonly string[] {
  if (Array.isArray(args)) {
    return (args as readonly PromptArgument[]).map(({ name, required, description }) => {
      return describe(name, required === true, description)
    })
  }
  const schema = (inputSchema ?? {}) as Schema
  const { properties = {}, required = [] } = schema
  return Object.entries(properties).map(([name, property]) => {
    const text = `${name}: ${formatSchema(property, schema)}`
    if (!Object.hasOwn(property, 'default')) return describe(text, required.includes(name), property.description)
    // A server may list an argument as required although it fills in the default.
    return describe(`${text} = ${JSON.stringify(property.default)}`, true, property.description)
  })
}

function describe (name: string, isRequired: boolean, description: unknown): string {
  return `${name}${isRequired ? '' : ' (optional)'}${typeof description === 'string' ? ` - ${description}` : ''}`
}

interface Block {
  readonly type?: string
  readonly text?: string
  readonly uri?: string
  readonly mimeType?: string
  readonly data?: string
  readonly blob?: string
  readonly resource?: Block
}

/** Formats the result of a tool: its content, and its structured content as indented JSON. */
export function formatToolResult ({ content, structuredContent }: Result): string {
  const blocks = (content ?? []) as readonly Block[]
  if (structuredContent === undefined) return blocks.map(formatBlock).join('\n')
  // Servers repeat the structured content as text for old clients (MCP 2025-11-25 tools, Structured Content).
  const others = blocks.filter(({ text }) => text === undefined || !isDeepStrictEqual(parse(text), structuredContent))
  return [...others.map(formatBlock), cleanJson(structuredContent)].join('\n')
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Formats the contents of a resource. */
export function formatContents ({ contents }: Result): string {
  return (contents as readonly Block[]).map(formatBlock).join('\n')
}

/** Formats the messages of a prompt. */
export function formatMessages ({ messages }: Result, { bold }: Terminal): string {
  return (messages as readonly { readonly role: string, readonly content: Block }[])
    .map(({ role, content }) => `${bold(`${cleanLine(role)}:`)} ${formatBlock(content)}`).join('\n')
}

function formatBlock ({ type, text, uri, mimeType, data, blob, resource }: Block): string {
  if (resource !== undefined) return formatBlock(resource)
  if (text !== undefined) return clean(text)
  const bytes = data ?? blob
  const size = bytes === undefined ? undefined : `${Buffer.byteLength(bytes, 'base64')} bytes`
  return `[${[type ?? 'resource', uri, mimeType, size].filter((part) => part !== undefined).map(cleanLine).join(', ')}]`
}
