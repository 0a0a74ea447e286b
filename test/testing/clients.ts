// Test clients of each official client, in each era that it speaks.
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

/** Creates an app with mounts, which is not ready yet and does not listen. */
export function createMounts (
  t: Test,
  ...mounts: readonly McpMountOptions[]
): { readonly app: FastifyInstance, readonly logLines: readonly LogLine[] } {
  const { app, logLines } = createHost(t)
  for (const mount of mounts) app.register(mcpPlugin, mount)
  return { app, logLines }
}

/** Connects a client to the only mount of an app. The client is closed before the app. */
export async function connect (t: Test, app: FastifyInstance, options: TestClientOptions): Promise<Client> {
  const client = await createTestClient(app, options)
  t.teardown(() => client.close())
  return client
}

/** Calls a tool. The two clients take the options in different places. */
export async function callTool (
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
  options: { onprogress?: (progress: object) => void; signal?: AbortSignal } = {}
): Promise<{ readonly [field: string]: unknown }> {
  const params = { name, arguments: args }
  return await (client instanceof ClientV1
    ? client.callTool(params, undefined, options)
    : client.callTool(params, options))
}
