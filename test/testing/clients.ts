// The official clients that createTestClient makes, in each era that they speak.
import type { Client as ClientV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { type McpMountOptions } from '../../lib/index.ts'
import { createTestClient, type TestClientOptions } from '../../lib/testing.ts'
import { createHost, type LogLine } from '../support/app.ts'

export type Client = ClientV1 | ClientV2

export const KINDS: ReadonlyArray<readonly [title: string, options: TestClientOptions]> = [
  ['the client v1', { client: 'v1' }],
  ['the client v2, legacy,', { client: 'v2', era: 'legacy' }],
  ['the client v2, modern,', { client: 'v2', era: 'modern' }]
]

/** An app with mounts that does not listen, and is not ready yet. */
export function createMounts (t: Test, ...mounts: readonly McpMountOptions[]): { readonly app: FastifyInstance, readonly logLines: readonly LogLine[] } {
  const { app, logLines } = createHost(t)
  for (const mount of mounts) app.register(mcpPlugin, mount)
  return { app, logLines }
}

/** A client of the one mount of an app; it leaves before the app ends. */
export async function connect (t: Test, app: FastifyInstance, options: TestClientOptions): Promise<Client> {
  const client = await createTestClient(app, options)
  t.teardown(() => client.close())
  return client
}

/** A call of a tool, which the clients take options of in different places. */
export async function callTool (
  client: Client, name: string, args: Record<string, unknown> = {}, options: { onprogress?: (progress: object) => void, signal?: AbortSignal } = {}
): Promise<{ readonly [field: string]: unknown }> {
  const params = { name, arguments: args }
  return await (client instanceof ClientV1 ? client.callTool(params, undefined, options) : client.callTool(params, options))
}
