// The server that the official conformance suite expects, written with the official SDK: an instance that all clients
// share, or a server for each session.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { completable } from '@modelcontextprotocol/sdk/server/completable.js'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  SubscribeRequestSchema, UnsubscribeRequestSchema,
  type CallToolResult, type GetPromptResult, type PromptMessage, type ServerNotification, type ServerRequest
} from '@modelcontextprotocol/sdk/types.js'
import Fastify from 'fastify'
import mcpPlugin, { createMemoryEventStore } from 'fastify-mcp-mount'
import { z } from 'zod'
import { registerSdkAsking } from './sdk-everything-asking.ts'

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='
const STEP_MS = 20
const CITIES = ['paris', 'park city', 'tempe', 'testaccio']

if (process.argv[1] === fileURLToPath(import.meta.url)) await start()

async function start (): Promise<void> {
  const app = Fastify({ logger: { level: 'warn' } })
  const server = process.env.FORM === 'factory' ? createSdkEverything : createSdkEverything()
  app.register(mcpPlugin, { server, name: 'sdk-everything', eventStore: createMemoryEventStore(), retryInterval: 500 })
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
  console.log(`MCP endpoint ${app.mcp.get('sdk-everything').url}`)
}

/** Creates an SDK server with every feature once, with the names that the suite uses. */
export function createSdkEverything (): McpServer {
  const server = new McpServer(
    { name: 'sdk-everything', version: '1.0.0', title: 'Everything, by the SDK' },
    {
      instructions: 'Call any tool: each one shows one feature of the protocol.',
      capabilities: { logging: {}, resources: { subscribe: true, listChanged: true } }
    }
  )
  registerContentTools(server)
  registerTalkingTools(server)
  registerSchemaTools(server)
  registerResources(server)
  registerPrompts(server)
  registerSdkAsking(server)
  registerChanges(server)
  return server
}

function registerContentTools (server: McpServer): void {
  server.registerTool('test_simple_text', { description: 'Returns a text' }, () =>
    text('This is a simple text response for testing.')
  )

  server.registerTool('test_image_content', { description: 'Returns an image' }, () => ({
    content: [{ type: 'image', data: PNG, mimeType: 'image/png' }]
  }))

  server.registerTool('test_audio_content', { description: 'Returns a sound' }, () => ({
    content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]
  }))

  server.registerTool('test_embedded_resource', { description: 'Returns a resource' }, () => ({
    content: [{
      type: 'resource',
      resource: {
        uri: 'test://embedded-resource',
        mimeType: 'text/plain',
        text: 'This is an embedded resource content.'
      }
    }]
  }))

  server.registerTool('test_multiple_content_types', {
    description: 'Returns a text, an image and a resource'
  }, () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: JSON.stringify({ test: 'data', value: 123 })
        }
      }
    ]
  }))

  server.registerTool('test_error_handling', { description: 'Fails with a message for the model' }, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
}

function registerTalkingTools (server: McpServer): void {
  server.registerTool('test_tool_with_logging', { description: 'Sends three log messages' }, async (extra) => {
    await log(extra, 'Tool execution started')
    await sleep(STEP_MS)
    await log(extra, 'Tool processing data')
    await sleep(STEP_MS)
    await log(extra, 'Tool execution completed')
    return text('Tool with logging executed successfully')
  })

  server.registerTool('test_logging_tool', {
    description: 'Sends a log message to a client that asked for some'
  }, async ({ sessionId }) => {
    await server.sendLoggingMessage({ level: 'info', data: 'Diagnostic trace logging activated' }, sessionId)
    return text('Logging evaluated')
  })

  server.registerTool('test_tool_with_progress', { description: 'Reports its progress three times' }, async (extra) => {
    await reportProgress(extra, 0)
    await sleep(STEP_MS)
    await reportProgress(extra, 50)
    await sleep(STEP_MS)
    await reportProgress(extra, 100)
    return text('Tool with progress executed successfully')
  })

  // The client resumes the stream and receives the result from the event store.
  server.registerTool('test_reconnection', {
    description: 'Ends its stream before it has its result'
  }, async ({ closeSSEStream }) => {
    closeSSEStream?.()
    await sleep(100)
    return text('The client has come back')
  })
}

async function log ({ sendNotification }: Extra, data: string): Promise<void> {
  await sendNotification({ method: 'notifications/message', params: { level: 'info', data } })
}

async function reportProgress ({ sendNotification, _meta }: Extra, progress: number): Promise<void> {
  if (_meta?.progressToken === undefined) return
  const params = {
    progressToken: _meta.progressToken,
    progress,
    total: 100,
    message: `Completed step ${progress} of 100`
  }
  await sendNotification({ method: 'notifications/progress', params })
}

function registerSchemaTools (server: McpServer): void {
  server.registerTool('test_custom_header', {
    description: 'Takes arguments that the client mirrors into headers',
    inputSchema: {
      region: z.string().meta({ description: 'Where to run', 'x-mcp-header': 'Region' }),
      priority: z.int().optional().meta({ 'x-mcp-header': 'Priority' }),
      query: z.string().optional()
    }
  }, ({ region, priority = 0 }) => text(`Ran in ${region} with priority ${priority}`))

  server.registerTool('test_structured_content', {
    description: 'Returns a value that its outputSchema describes',
    inputSchema: { numbers: z.array(z.number()).min(1) },
    outputSchema: { sum: z.number(), mean: z.number() },
    annotations: { readOnlyHint: true }
  }, ({ numbers }) => {
    const sum = numbers.reduce((total, number) => total + number, 0)
    const structuredContent = { sum, mean: sum / numbers.length }
    return { ...text(JSON.stringify(structuredContent)), structuredContent }
  })

  const address = z.object({ street: z.string().optional(), city: z.string().optional() })
  server.registerTool('json_schema_2020_12_tool', {
    description: 'Tool with JSON Schema 2020-12 features',
    inputSchema: z.strictObject({
      name: z.string().optional(),
      address: address.optional(),
      contactMethod: z.enum(['phone', 'email']).optional(),
      phone: z.string().optional(),
      email: z.string().optional()
    }).meta({
      // Zod cannot express these keywords.
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } }
        }
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      then: { required: ['phone'] },
      else: { required: ['email'] }
    })
  }, (args) => text(`JSON Schema 2020-12 tool called with: ${JSON.stringify(args)}`))
}

function registerResources (server: McpServer): void {
  server.registerResource('static-text', 'test://static-text', {
    title: 'Static Text Resource',
    description: 'A text that never changes',
    mimeType: 'text/plain'
  }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }]
  }))

  server.registerResource('static-binary', 'test://static-binary', {
    title: 'Static Binary Resource',
    description: 'An image that never changes',
    mimeType: 'image/png'
  }, ({ href }) => ({ contents: [{ uri: href, mimeType: 'image/png', blob: PNG }] }))

  const template = new ResourceTemplate('test://template/{id}/data', {
    list: undefined,
    complete: { id: (typed) => ['1', '12', '123'].filter((id) => id.startsWith(typed)) }
  })
  server.registerResource('template', template, {
    title: 'Resource Template',
    description: 'A resource for every id',
    mimeType: 'application/json'
  }, ({ href }, { id }) => ({
    contents: [
      {
        uri: href,
        mimeType: 'application/json',
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` })
      }
    ]
  }))
}

function registerPrompts (server: McpServer): void {
  server.registerPrompt('test_simple_prompt', {
    title: 'Simple Test Prompt',
    description: 'A prompt without arguments'
  }, () => prompt(text('This is a simple prompt for testing.')))

  server.registerPrompt('test_prompt_with_arguments', {
    title: 'Prompt With Arguments',
    description: 'A prompt with two arguments, the first of which is completed',
    argsSchema: {
      arg1: completable(z.string().describe('First test argument'), (typed) =>
        CITIES.filter((city) => city.startsWith(typed))
      ),
      arg2: z.string().describe('Second test argument')
    }
  }, ({ arg1, arg2 }) => prompt(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)))

  server.registerPrompt('test_prompt_with_embedded_resource', {
    title: 'Prompt With Embedded Resource',
    description: 'A prompt that brings a resource along',
    argsSchema: { resourceUri: z.string().describe('URI of the resource to embed') }
  }, ({ resourceUri }) => prompt(
    {
      content: [
        {
          type: 'resource',
          resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' }
        }
      ]
    },
    text('Please process the embedded resource above.')
  ))

  server.registerPrompt('test_prompt_with_image', {
    title: 'Prompt With Image',
    description: 'A prompt that brings an image along'
  }, () => {
    const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' }
    return prompt({ content: [image] }, text('Please analyze the image above.'))
  })
}

// Subscribers are notified of what is registered or updated while the server runs.
function registerChanges (server: McpServer): void {
  let toolChanges = 0
  const tool = server.registerTool('test_changing_tool', { description: 'Has not changed yet' }, () =>
    text('Unchanged')
  )
  server.registerTool('test_trigger_tool_change', { description: 'Changes the list of tools' }, () => {
    tool.update({ description: `Has changed ${++toolChanges} times` })
    return text('The list of tools has changed')
  })

  const changing = server.registerPrompt('test_changing_prompt', { description: 'Is taken away and put back' }, () =>
    prompt(text('Unchanged'))
  )
  server.registerTool('test_trigger_prompt_change', { description: 'Changes the list of prompts' }, () => {
    changing.update({ enabled: !changing.enabled })
    return text('The list of prompts has changed')
  })

  server.registerResource('watched', 'test://watched-resource', {
    description: 'A resource to subscribe to',
    mimeType: 'text/plain'
  }, ({ href }) => ({ contents: [{ uri: href, mimeType: 'text/plain', text: 'Watch me' }] }))
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
  server.registerTool('test_trigger_resource_update', { description: 'Changes the watched resource' }, async () => {
    await server.server.sendResourceUpdated({ uri: 'test://watched-resource' })
    return text('The watched resource has changed')
  })
}

function text (text: string): CallToolResult & { content: [{ type: 'text', text: string }] } {
  return { content: [{ type: 'text', text }] }
}

function prompt (
  ...parts: ReadonlyArray<{ readonly content: ReadonlyArray<PromptMessage['content']> }>
): GetPromptResult {
  return { messages: parts.flatMap(({ content }) => content.map((content) => ({ role: 'user', content }))) }
}
