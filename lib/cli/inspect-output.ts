// What endpoints answer, for people to read.
import type { Endpoint } from './endpoint.ts'
import type { Item, ListMethod, Result } from './lists.ts'
import { clean, cleanJson, cleanLine } from './clean.ts'
import { type Terminal, wrap } from './terminal.ts'
import { layTable } from './table.ts'

/** One list of the protocol. */
interface ListInfo {
  readonly title: string
  /** The capability of servers that have it. */
  readonly capability: string
  readonly method: ListMethod
  /** Its name in results. */
  readonly list: string
}

export type ListName = 'tools' | 'resources' | 'prompts'

/** What can be listed. */
export const LIST_NAMES: Readonly<Record<ListName, readonly ListInfo[]>> = Object.freeze({
  tools: [{ title: 'Tools', capability: 'tools', method: 'tools/list', list: 'tools' }],
  resources: [
    { title: 'Resources', capability: 'resources', method: 'resources/list', list: 'resources' },
    { title: 'Resource templates', capability: 'resources', method: 'resources/templates/list', list: 'resourceTemplates' }
  ],
  prompts: [{ title: 'Prompts', capability: 'prompts', method: 'prompts/list', list: 'prompts' }]
})

/** Who the server is. */
export function formatServer ({ serverInfo, era, protocolVersion, instructions }: Endpoint, { bold, dim, columns }: Terminal): string[] {
  const name = serverInfo === undefined ? 'A server without a name' : `${serverInfo.title ?? serverInfo.name} ${serverInfo.version}`
  const told = instructions === undefined ? [] : [...wrap(cleanLine(instructions), columns), '']
  return [`${bold(cleanLine(name))} ${dim(`revision ${cleanLine(protocolVersion)}, ${era} era`)}`, '', ...told]
}

/** One of the lists. @param args Whether it says how each is called. */
export function formatList (title: string, items: readonly Item[], terminal: Terminal, args?: 'with arguments'): readonly string[] {
  const entries = items.map((item) => ({
    name: String(item.uri ?? item.uriTemplate ?? item.name),
    text: String(item.description ?? item.title ?? ''),
    details: args === undefined ? [] : describeArguments(item)
  }))
  return layTable(title, entries, terminal)
}

interface Property { readonly type?: unknown, readonly description?: unknown, readonly enum?: readonly unknown[] }

function describeArguments ({ inputSchema, arguments: args }: Item): readonly string[] {
  if (Array.isArray(args)) return (args as readonly { readonly name: string, readonly required?: boolean, readonly description?: string }[]).map(({ name, required, description }) => describe(name, required === true, description))
  const { properties = {}, required = [] } = (inputSchema ?? {}) as { readonly properties?: { readonly [name: string]: Property }, readonly required?: readonly string[] }
  return Object.entries(properties).map(([name, { type, description, enum: choices }]) => {
    const kind = choices === undefined ? [type ?? 'any'].flat().join(' or ') : choices.map((choice) => JSON.stringify(choice)).join(' | ')
    return describe(`${name}: ${kind}`, required.includes(name), description)
  })
}

function describe (name: string, isRequired: boolean, description: unknown): string {
  return `${name}${isRequired ? '' : ' (optional)'}${typeof description === 'string' ? ` - ${description}` : ''}`
}

interface Block { readonly type?: string, readonly text?: string, readonly uri?: string, readonly mimeType?: string, readonly data?: string, readonly blob?: string, readonly resource?: Block }

/** The result of a tool: its content, or, where there is none, what is structured of it. */
export function formatToolResult ({ content, structuredContent }: Result): string {
  const blocks = (content ?? []) as readonly Block[]
  return blocks.length === 0 && structuredContent !== undefined ? cleanJson(structuredContent) : blocks.map(formatBlock).join('\n')
}

/** What a resource holds. */
export function formatContents ({ contents }: Result): string {
  return (contents as readonly Block[]).map(formatBlock).join('\n')
}

/** The messages of a prompt. */
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
