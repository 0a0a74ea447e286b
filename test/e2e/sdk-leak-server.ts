// An SDK server that talks to all of its clients at once, each time by the name that the caller gives as an argument.
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CreateMessageResultSchema,
  ElicitResultSchema,
  SubscribeRequestSchema,
  type CallToolResult,
  type CreateMessageRequestParams,
  type ElicitRequestFormParams,
  type ServerNotification,
  type ServerRequest
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { createGate, type Gate } from '../support/stream.ts'

export const LEVELS = ['debug', 'info', 'warning', 'error'] as const
export const WAYS = ['extra', 'server'] as const

/** A long timeout, so that no request times out because the machine is slow. */
export const LONG_TIMEOUT = Object.freeze({ timeout: 600_000 })

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>
interface Arguments { readonly name: string, readonly way: typeof WAYS[number] }

/** Holds back all callers until a number of them have arrived. */
export class Meeting {
  readonly #gate: Gate = createGate()
  #missing: number

  constructor (size: number) {
    this.#missing = size
  }

  /** Settles when all have arrived. */
  get complete (): Promise<void> { return this.#gate.promise }

  arrive (): Promise<void> {
    if (--this.#missing === 0) this.#gate.open()
    return this.complete
  }
}

/** The barriers that hold the handlers back, and the messages that they have seen. */
export interface Stage {
  readonly slow: Meeting
  readonly asking: Meeting
  readonly aborted: Meeting
  readonly release: Gate
  /** The ids of the slow calls. */
  readonly requestIds: Set<unknown>
  /** The names of the clients whose slow calls were aborted. */
  readonly abortedNames: string[]
}

/** @param size How many clients there are. @param leaving How many of them cancel their slow calls, or go away. */
export function createStage (size: number, leaving: number): Stage {
  return {
    slow: new Meeting(size),
    asking: new Meeting(2 * size),
    aborted: new Meeting(leaving),
    release: createGate(),
    requestIds: new Set(),
    abortedNames: []
  }
}

/** An SDK server as users write them: it sends messages with the handler's second argument, and with the server. */
export function createTalkative (stage: Stage): McpServer {
  const server = new McpServer({ name: 'talkative', version: '1.0.0' }, {
    capabilities: { logging: {}, resources: { subscribe: true } },
    enforceStrictCapabilities: true
  })
  const inputSchema = { name: z.string(), way: z.enum(WAYS) }
  server.registerTool('slow', { inputSchema }, (args, extra) => beSlow(server, stage, args, extra))
  server.registerTool('elicit', { inputSchema }, (args, extra) =>
    askWhenAllDo(stage, args, () => elicit(server, args, extra))
  )
  server.registerTool('sample', { inputSchema }, (args, extra) =>
    askWhenAllDo(stage, args, () => sample(server, args, extra))
  )
  server.registerTool('fast', { inputSchema }, ({ name }) => {
    const { elicitation, sampling } = server.server.getClientCapabilities() ?? {}
    return text(
      `${name} is ${server.server.getClientVersion()?.name}, elicitation: ${elicitation !== undefined}, sampling: ` +
        `${sampling !== undefined}`
    )
  })
  server.registerTool('touch', { inputSchema }, async ({ name }) => {
    await server.server.sendResourceUpdated({ uri: `note://${name}` })
    return text(name)
  })
  server.registerResource('note', 'note://all', {}, ({ href }) => ({ contents: [{ uri: href, text: '' }] }))
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  return server
}

async function beSlow (server: McpServer, stage: Stage, { name }: Arguments, extra: Extra): Promise<CallToolResult> {
  stage.requestIds.add(extra.requestId)
  extra.signal.addEventListener('abort', () => {
    stage.abortedNames.push(name)
    stage.aborted.arrive()
  })
  await reportProgress(extra, 1, `${name} waits`)
  await stage.slow.arrive()

  for (const level of LEVELS) {
    await extra.sendNotification({ method: 'notifications/message', params: { level, logger: 'extra', data: name } })
    await server.sendLoggingMessage({ level, logger: 'server', data: name }, extra.sessionId)
  }
  await reportProgress(extra, 2, `${name} goes on`)
  await stage.release.promise
  return text(name)
}

async function reportProgress ({ sendNotification, _meta }: Extra, progress: number, message: string): Promise<void> {
  await sendNotification({
    method: 'notifications/progress',
    params: { progressToken: _meta?.progressToken ?? '', progress, message }
  })
}

async function askWhenAllDo (
  { asking }: Stage, { name }: Arguments, ask: () => Promise<unknown>
): Promise<CallToolResult> {
  await asking.arrive()
  const answer = await ask().then(String, ({ message }: Error) =>
    message.startsWith('Client does not support') ? 'refused' : message
  )
  return text(`${name} asked: ${answer}`)
}

async function elicit ({ server }: McpServer, { name, way }: Arguments, { sendRequest }: Extra): Promise<unknown> {
  const params: ElicitRequestFormParams = {
    message: name,
    requestedSchema: { type: 'object', properties: { answer: { type: 'string' } } }
  }
  const { content } = way === 'extra'
    ? await sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema, LONG_TIMEOUT)
    : await server.elicitInput(params, LONG_TIMEOUT)
  return content?.answer
}

async function sample ({ server }: McpServer, { name, way }: Arguments, { sendRequest }: Extra): Promise<unknown> {
  const params: CreateMessageRequestParams = {
    messages: [{ role: 'user', content: { type: 'text', text: name } }],
    maxTokens: 9
  }
  const { content } = way === 'extra'
    ? await sendRequest({ method: 'sampling/createMessage', params }, CreateMessageResultSchema, LONG_TIMEOUT)
    : await server.createMessage(params, LONG_TIMEOUT)
  return content.type === 'text' ? content.text : content.type
}

function text (text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}
