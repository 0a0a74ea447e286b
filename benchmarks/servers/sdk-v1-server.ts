// The server that all contenders share which build on the official SDK v1.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { saved, SERVER_INFO } from '../tools.ts'

// Made once, so that a server for each request is no dearer than it has to be.
const inputSchema = z.object({ text: z.string() })

/** Makes the server. */
export function createSdkServer (): McpServer {
  const server = new McpServer(SERVER_INFO)
  server.registerTool('add_note', { inputSchema }, async ({ text }) => ({
    content: [{ type: 'text', text: saved(text) }]
  }))
  return server
}
