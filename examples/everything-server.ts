// The server that the official conformance suite expects: every feature once, with the names that the suite uses.
import { setTimeout as sleep } from 'node:timers/promises'
import { completable, ErrorCode, McpServer, ResourceTemplate, RpcError, ToolError, Type } from 'fastify-mcp-mount'
import { registerAsking } from './everything-asking.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA='
const STEP_MS = 20
const LIST_TTL_MS = 5 * 60_000
const CITIES = ['paris', 'park city', 'tempe', 'testaccio']

/** Creates the server. */
export function createEverything (): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0', title: 'Everything' },
    { instructions: 'Call any tool: each one shows one feature of the protocol.', cache: { ttlMs: LIST_TTL_MS } }
  )
  registerContentTools(server)
  registerBehaviourTools(server)
  registerSchemaTools(server)
  registerResources(server)
  registerPrompts(server)
  registerAsking(server)
  registerChanges(server)
  registerPolling(server)
  return server
}

function registerContentTools (server: McpServer): void {
  server.registerTool(
    'test_simple_text',
    { description: 'Returns a text' },
    () => 'This is a simple text response for testing.'
  )

  server.registerTool('test_image_content', { description: 'Returns an image' }, () => ({
    type: 'image',
    data: PNG,
    mimeType: 'image/png'
  }))

  server.registerTool('test_audio_content', { description: 'Returns a sound' }, () => ({
    type: 'audio',
    data: WAV,
    mimeType: 'audio/wav'
  }))

  server.registerTool('test_embedded_resource', { description: 'Returns a resource' }, () => ({
    type: 'resource',
    resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' }
  }))

  server.registerTool('test_multiple_content_types', { description: 'Returns a text, an image and a resource' }, () => [
    'Multiple content types test:',
    { type: 'image', data: PNG, mimeType: 'image/png' },
    {
      type: 'resource',
      resource: {
        uri: 'test://mixed-content-resource',
        mimeType: 'application/json',
        text: JSON.stringify({ test: 'data', value: 123 })
      }
    }
  ])
}

function registerBehaviourTools (server: McpServer): void {
  server.registerTool('test_error_handling', { description: 'Fails with a message for the model' }, () => {
    throw new ToolError('This tool intentionally returns an error for testing')
  })

  server.registerTool('test_tool_with_logging', { description: 'Sends three log messages' }, async (_args, ctx) => {
    await ctx.info('Tool execution started')
    await sleep(STEP_MS)
    await ctx.info('Tool processing data')
    await sleep(STEP_MS)
    await ctx.info('Tool execution completed')
    return 'Tool with logging executed successfully'
  })

  server.registerTool('test_logging_tool', {
    description: 'Sends a log message to a client that asked for some'
  }, async (_args, ctx) => {
    await ctx.info('Diagnostic trace logging activated')
    return 'Logging evaluated'
  })

  server.registerTool('test_tool_with_progress', {
    description: 'Reports its progress three times'
  }, async (_args, ctx) => {
    await ctx.reportProgress(0, 100, 'Completed step 0 of 100')
    await sleep(STEP_MS)
    await ctx.reportProgress(50, 100, 'Completed step 50 of 100')
    await sleep(STEP_MS)
    await ctx.reportProgress(100, 100, 'Completed step 100 of 100')
    return 'Tool with progress executed successfully'
  })

  server.registerTool('test_missing_capability', { description: 'Needs a client that can sample' }, (_args, ctx) => {
    if (ctx.client.capabilities.sampling === undefined) {
      throw new RpcError(ErrorCode.MissingRequiredClientCapability, 'This tool needs a client that can sample', {
        requiredCapabilities: { sampling: {} }
      })
    }
    return 'The client can sample'
  })
}

function registerSchemaTools (server: McpServer): void {
  server.registerTool('test_custom_header', {
    description: 'Takes arguments that the client mirrors into headers',
    inputSchema: Type.Object({
      region: Type.String({ description: 'Where to run', 'x-mcp-header': 'Region' }),
      priority: Type.Optional(Type.Integer({ 'x-mcp-header': 'Priority' })),
      query: Type.Optional(Type.String())
    })
  }, ({ region, priority = 0 }) => `Ran in ${region} with priority ${priority}`)

  server.registerTool('test_structured_content', {
    description: 'Returns a value that its outputSchema describes',
    inputSchema: Type.Object({ numbers: Type.Array(Type.Number(), { minItems: 1 }) }),
    outputSchema: Type.Object({ sum: Type.Number(), mean: Type.Number() }),
    annotations: { readOnlyHint: true }
  }, ({ numbers }) => {
    const sum = numbers.reduce((total, number) => total + number, 0)
    return { sum, mean: sum / numbers.length }
  })

  server.registerTool('json_schema_2020_12_tool', {
    description: 'Tool with JSON Schema 2020-12 features',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } }
        }
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' }
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false
    }
  }, (args) => `JSON Schema 2020-12 tool called with: ${JSON.stringify(args)}`)
}

function registerResources (server: McpServer): void {
  server.registerResource('static-text', 'test://static-text', {
    title: 'Static Text Resource',
    description: 'A text that never changes',
    mimeType: 'text/plain',
    cache: { ttlMs: LIST_TTL_MS, scope: 'public' }
  }, () => 'This is the content of the static text resource.')

  server.registerResource('static-binary', 'test://static-binary', {
    title: 'Static Binary Resource',
    description: 'An image that never changes',
    mimeType: 'image/png'
  }, () => Buffer.from(PNG, 'base64'))

  const template = new ResourceTemplate('test://template/{id}/data', {
    complete: { id: (typed) => ['1', '12', '123'].filter((id) => id.startsWith(typed)) }
  })
  server.registerResource('template', template, {
    title: 'Resource Template',
    description: 'A resource for every id',
    mimeType: 'application/json'
  }, (_uri, { id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }))
}

function registerPrompts (server: McpServer): void {
  server.registerPrompt('test_simple_prompt', {
    title: 'Simple Test Prompt',
    description: 'A prompt without arguments'
  }, () => 'This is a simple prompt for testing.')

  server.registerPrompt('test_prompt_with_arguments', {
    title: 'Prompt With Arguments',
    description: 'A prompt with two arguments, the first of which is completed',
    argsSchema: Type.Object({
      arg1: completable(Type.String({ description: 'First test argument' }), (typed) =>
        CITIES.filter((city) => city.startsWith(typed))
      ),
      arg2: Type.String({ description: 'Second test argument' })
    })
  }, ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)

  server.registerPrompt('test_prompt_with_embedded_resource', {
    title: 'Prompt With Embedded Resource',
    description: 'A prompt that brings a resource along',
    argsSchema: Type.Object({ resourceUri: Type.String({ description: 'URI of the resource to embed' }) })
  }, ({ resourceUri }) => [
    {
      role: 'user',
      content: {
        type: 'resource',
        resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' }
      }
    },
    { role: 'user', content: { type: 'text', text: 'Please process the embedded resource above.' } }
  ])

  server.registerPrompt('test_prompt_with_image', {
    title: 'Prompt With Image',
    description: 'A prompt that brings an image along'
  }, () => [
    { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
    { role: 'user', content: { type: 'text', text: 'Please analyze the image above.' } }
  ])
}

// The client resumes the stream and receives the result from the event store.
function registerPolling (server: McpServer): void {
  server.registerTool('test_reconnection', {
    description: 'Ends its stream before it has its result'
  }, async (_args, ctx) => {
    ctx.closeStream()
    await sleep(100)
    return 'The client has come back'
  })
}

// Subscribers are notified of what is registered or updated while the server runs.
function registerChanges (server: McpServer): void {
  let toolChanges = 0
  const tool = server.registerTool('test_changing_tool', { description: 'Has not changed yet' }, () => 'Unchanged')
  server.registerTool('test_trigger_tool_change', { description: 'Changes the list of tools' }, () => {
    tool.update({ description: `Has changed ${++toolChanges} times` })
    return 'The list of tools has changed'
  })

  let promptChanges = 0
  const prompt = server.registerPrompt(
    'test_changing_prompt',
    { description: 'Has not changed yet' },
    () => 'Unchanged'
  )
  server.registerTool('test_trigger_prompt_change', { description: 'Changes the list of prompts' }, () => {
    prompt.update({ description: `Has changed ${++promptChanges} times` })
    return 'The list of prompts has changed'
  })

  server.registerResource(
    'watched',
    'test://watched-resource',
    { description: 'A resource to subscribe to', mimeType: 'text/plain' },
    () => 'Watch me'
  )
  server.registerTool('test_trigger_resource_update', { description: 'Changes the watched resource' }, (_args, ctx) => {
    ctx.notifyResourceUpdated('test://watched-resource')
    return 'The watched resource has changed'
  })
}
