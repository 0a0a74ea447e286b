// Makes apps whose routes are tools, and reads the results of their calls.
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { type ExposeOptions } from '../../lib/index.ts'
import { createHost, modern, modernCall, type LogLine } from './app.ts'

/** What a tool call is answered with. */
export interface CallOutcome {
  readonly text: string
  readonly isError: boolean
  readonly structured: unknown
  readonly content: ReadonlyArray<Readonly<Record<string, unknown>>>
}

/** A tool as it is listed. */
export interface ListedTool {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: Readonly<Record<string, unknown>>
  readonly outputSchema?: Readonly<Record<string, unknown>>
  readonly annotations?: object
  readonly _meta?: object
}

/** An app whose routes are tools. */
export interface RoutesApp {
  readonly app: FastifyInstance
  readonly logLines: readonly LogLine[]
  call (tool: string, args?: object, headers?: Readonly<Record<string, string>>): Promise<CallOutcome>
  listTools (): Promise<readonly ListedTool[]>
}

/** Creates an app with the routes that a function registers, and a mount that exposes them. */
export async function createRoutesApp (
  t: Test,
  register: (app: FastifyInstance) => unknown,
  { expose = {}, fastify = {} }: { readonly expose?: ExposeOptions, readonly fastify?: FastifyServerOptions } = {}
): Promise<RoutesApp> {
  const { app, logLines } = createHost(t, fastify)
  await register(app)
  app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0', ...expose } })
  await app.ready()
  return {
    app,
    logLines,
    async call (tool, args = {}, headers = {}) {
      const reply = await app.inject(modernCall(tool, args, { headers }))
      return readOutcome(reply.json())
    },
    async listTools () {
      const reply = await app.inject(modern('tools/list'))
      return reply.json().result.tools
    }
  }
}

interface Reply { readonly result?: Readonly<Record<string, unknown>>, readonly error?: unknown }

function readOutcome (reply: Reply): CallOutcome {
  if (reply.result === undefined) throw new Error(JSON.stringify(reply.error))
  const { content, isError = false, structuredContent } = reply.result
  // The protocol says what a result has.
  const blocks = content as CallOutcome['content']
  return { text: String(blocks[0]?.text), isError: isError === true, structured: structuredContent, content: blocks }
}

/** Returns the warnings of an app. */
export function warningsOf (logLines: readonly LogLine[]): readonly string[] {
  return logLines.filter(({ level }) => level === 40).map(({ msg }) => String(msg))
}
