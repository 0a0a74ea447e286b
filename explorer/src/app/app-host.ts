// The host of an app: the official bridge between the frame of the app, the server, and the page.
import type { CallToolResult, ContentBlock, Tool } from '@modelcontextprotocol/client'
import {
  AppBridge, isToolVisibilityModelOnly, PostMessageTransport, type McpUiHostContext
} from '@modelcontextprotocol/ext-apps/app-bridge'
import type { Connection } from '../state/connection.ts'

/** Something that an app has told the page, or asked of it. */
export interface AppEvent {
  readonly kind: 'message' | 'context' | 'link' | 'log'
  readonly text: string
}

/** What the page wants to know of an app. */
export interface AppListener {
  onReady (): void
  onHeight (height: number): void
  onEvent (event: AppEvent): void
}

const HOST = { name: 'fastify-mcp-mount explorer', version: '1.0.0' }
// The lists are not announced to apps when they change: an app that needs them asks again.
const CAPABILITIES = {
  openLinks: {},
  serverTools: {},
  serverResources: {},
  logging: {},
  updateModelContext: { text: {} },
  message: { text: {} }
}

/** Creates the host of an app, which speaks with the window of a frame. */
export async function createAppHost (
  { connection, tool, frame, theme }: {
    readonly connection: Connection, readonly tool: Tool, readonly frame: Window, readonly theme: 'light' | 'dark'
  },
  listener: AppListener
): Promise<AppBridge> {
  const hostContext = { ...describePage(), theme, toolInfo: { tool } }
  const bridge = new AppBridge(null, HOST, CAPABILITIES, { hostContext })
  serve(bridge, connection)
  bridge.addEventListener('initialized', () => listener.onReady())
  bridge.addEventListener('sizechange', ({ height }) => { if (height !== undefined) listener.onHeight(height) })
  bridge.addEventListener('loggingmessage', ({ level, data }) => {
    listener.onEvent({ kind: 'log', text: `${level} ${typeof data === 'string' ? data : JSON.stringify(data)}` })
  })
  bridge.onmessage = async ({ content }) => {
    listener.onEvent({ kind: 'message', text: content.map(describeBlock).join('\n') })
    return {}
  }
  bridge.onupdatemodelcontext = async ({ content = [], structuredContent }) => {
    const data = structuredContent === undefined ? [] : [JSON.stringify(structuredContent)]
    listener.onEvent({ kind: 'context', text: [...content.map(describeBlock), ...data].join('\n') })
    return {}
  }
  // The page shows the link, and the user decides whether to open it.
  bridge.onopenlink = async ({ url }) => {
    listener.onEvent({ kind: 'link', text: url })
    return {}
  }
  await bridge.connect(new PostMessageTransport(frame, frame))
  return bridge
}

// MCP Apps 2026-01-26, Resource Discovery, Visibility: what is for the model alone is refused to the app.
function serve (bridge: AppBridge, { client, tools }: Connection): void {
  bridge.oncalltool = async ({ name, arguments: given }, { mcpReq: { signal } }): Promise<CallToolResult> => {
    const called = tools.peek()?.find((tool) => tool.name === name)
    if (called === undefined) throw new Error(`The server has no tool ${name}.`)
    if (isToolVisibilityModelOnly(called)) throw new Error(`The tool ${name} is for the model alone.`)
    return await client.callTool({ name, arguments: given ?? {} }, { signal })
  }
  bridge.onlistresources = async (params, { mcpReq: { signal } }) => await client.listResources(params, { signal })
  bridge.onlistresourcetemplates = async (params, { mcpReq: { signal } }) =>
    await client.listResourceTemplates(params, { signal })
  bridge.onreadresource = async ({ uri }, { mcpReq: { signal } }) => await client.readResource({ uri }, { signal })
}

function describePage (): McpUiHostContext {
  return {
    displayMode: 'inline',
    availableDisplayModes: ['inline'],
    platform: 'web',
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone
  }
}

function describeBlock (block: ContentBlock): string {
  return block.type === 'text' ? block.text : JSON.stringify(block)
}
