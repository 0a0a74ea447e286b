// Makes servers of the official SDK, and apps that mount one of them.
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { ServerOptions } from '@modelcontextprotocol/sdk/server/index.js'
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import mcpPlugin, { type McpMountOptions, type Mount } from '../../lib/index.ts'
import { createHost, type LogLine } from './app.ts'

/** The `_meta` of each modern result of {@link createV1}. */
export const SERVER_META = Object.freeze({ 'io.modelcontextprotocol/serverInfo': { name: 'Tasks', version: '1.0.0' } })

/** A high-level server of the SDK v1, with a tool that answers at once. */
export function createV1 (options: ServerOptions = { capabilities: { logging: {} } }): V1McpServer {
  const server = new V1McpServer({ name: 'Tasks', version: '1.0.0' }, options)
  server.registerTool('hello', {}, () => said('hello'))
  return server
}

/**
 * Lets clients subscribe to all resources except `note://secret`.
 * @param asked The list to which the requests are added as they arrive.
 */
export function allowSubscriptions ({ server }: V1McpServer, asked: string[]): void {
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    asked.push(`subscribe ${uri}`)
    if (uri === 'note://secret') throw new Error('not yours')
    return {}
  })
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params: { uri } }) => {
    asked.push(`unsubscribe ${uri}`)
    return {}
  })
}

/** The result of a tool that says text. */
export function said (text: string): { content: Array<{ type: 'text', text: string }> } {
  return { content: [{ type: 'text', text }] }
}

/** The result of {@link createSdkApp}. */
export interface SdkApp {
  readonly app: FastifyInstance
  readonly logLines: readonly LogLine[]
  /** Its one mount. */
  readonly mounted: Mount
}

/** An app with one mount, by the name of Tasks, that is ready. */
export async function createSdkApp (
  t: Test, server: McpMountOptions['server'], options: Omit<McpMountOptions, 'server'> = {}
): Promise<SdkApp> {
  const { app, logLines } = createHost(t)
  await app.register(mcpPlugin, { name: 'Tasks', ...options, server })
  await app.ready()
  return { app, logLines, mounted: app.mcp.get('Tasks') }
}
