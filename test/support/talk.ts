// Makes apps whose definition is one function, to test messages in the middle of a request.
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { type McpMountOptions, type Mount, type ServerDefinition } from '../../lib/index.ts'
import type { RequestMessage } from '../../lib/protocol/message.ts'
import { Method } from '../../lib/protocol/methods.ts'
import type { Channel } from '../../lib/server/call/incoming.ts'
import { createHost, type LogLine } from './app.ts'

/** Serves all requests but those that open a session or a stream; returns the result, or a promise of it. */
export type Talk = (channel: Channel, message: RequestMessage) => unknown

export interface TalkApp {
  readonly app: FastifyInstance
  readonly address: string
  readonly mount: Mount
  readonly logLines: readonly LogLine[]
}

export function createTalker (talk: Talk): ServerDefinition {
  return {
    info: { name: 'Talk', version: '1' },
    async serve ({ message, channel }) {
      const opens = message.method === 'initialize' || message.method === Method.SubscriptionsListen
      return opens ? {} : Object(await talk(channel, message))
    }
  }
}

/** Starts an app that listens until the test ends. */
export async function createTalk (
  t: Test, talk: Talk, options: Omit<McpMountOptions, 'server'> = {}
): Promise<TalkApp> {
  const { app, logLines } = createHost(t)
  await app.register(mcpPlugin, { ...options, server: createTalker(talk) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { app, address: `http://127.0.0.1:${port}`, mount: app.mcp.get('Talk'), logLines }
}
