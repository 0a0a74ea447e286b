// The tools that the conformance suite expects of a server that asks its client during a call. The SDK has two ways to
// ask: by the handler's second argument, and by the server itself.
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CreateMessageResultSchema, ElicitResultSchema, ListRootsResultSchema,
  type CallToolResult, type CreateMessageRequestParams, type CreateMessageResult, type ElicitRequestFormParams
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'

type Form = ElicitRequestFormParams['requestedSchema']

const Contact: Form = {
  type: 'object',
  properties: {
    username: { type: 'string', description: "User's response" },
    email: { type: 'string', description: "User's email address" }
  },
  required: ['username', 'email']
}
const Name: Form = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const Confirmation: Form = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }

const Profile: Form = {
  type: 'object',
  properties: {
    name: { type: 'string', description: 'User name', default: 'John Doe' },
    age: { type: 'integer', description: 'User age', default: 30 },
    score: { type: 'number', description: 'User score', default: 95.5 },
    status: { type: 'string', description: 'User status', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', description: 'Verification status', default: true }
  }
}

const OPTIONS = ['option1', 'option2', 'option3']
const Choices: Form = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', description: 'Select one option', enum: OPTIONS },
    titledSingle: {
      type: 'string',
      description: 'Select one option with titles',
      oneOf: titled('First Option', 'Second Option', 'Third Option')
    },
    legacyEnum: {
      type: 'string',
      description: 'Select one option (legacy)',
      enum: ['opt1', 'opt2', 'opt3'],
      enumNames: ['Option One', 'Option Two', 'Option Three']
    },
    untitledMulti: {
      type: 'array',
      description: 'Select multiple options',
      minItems: 1,
      maxItems: 3,
      items: { type: 'string', enum: OPTIONS }
    },
    titledMulti: {
      type: 'array',
      description: 'Select multiple options with titles',
      minItems: 1,
      maxItems: 3,
      items: { anyOf: titled('First Choice', 'Second Choice', 'Third Choice') }
    }
  }
}

/** Registers the tools that ask. */
export function registerSdkAsking (server: McpServer): void {
  registerByExtra(server)
  registerByServer(server)
}

// Requests by the second argument belong to the call and are sent on its stream.
function registerByExtra (server: McpServer): void {
  server.registerTool('test_sampling', {
    description: "Has the client's model write a message",
    inputSchema: { prompt: z.string().describe('The prompt to send to the LLM') }
  }, async ({ prompt }, { sendRequest }) => {
    const said = await sendRequest({ method: 'sampling/createMessage', params: say(prompt) }, CreateMessageResultSchema)
    return text(`LLM response: ${textOf(said)}`)
  })

  server.registerTool('test_elicitation', {
    description: 'Asks the user for a name and an address',
    inputSchema: { message: z.string().describe('The message to show the user') }
  }, async ({ message }, { sendRequest }) => {
    const answer = await sendRequest(
      { method: 'elicitation/create', params: { message, requestedSchema: Contact } },
      ElicitResultSchema
    )
    return text(`User response: ${JSON.stringify(answer)}`)
  })

  server.registerTool('test_streaming_elicitation', {
    description: 'Reports its progress and asks the user'
  }, async ({ sendNotification, sendRequest, _meta }) => {
    const progressToken = _meta?.progressToken
    if (progressToken !== undefined) {
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } })
    }
    const answer = await sendRequest(
      { method: 'elicitation/create', params: { message: 'Go on?', requestedSchema: Confirmation } },
      ElicitResultSchema
    )
    return text(`The user's answer: ${answer.action}`)
  })

  server.registerTool('test_list_roots', { description: 'Asks for the roots' }, async ({ sendRequest }) => {
    const { roots } = await sendRequest({ method: 'roots/list' }, ListRootsResultSchema)
    return text(`Roots: ${roots.map(({ uri }) => uri).join(', ')}`)
  })
}

// The documentation of the SDK asks like this. The SDK's own transport sends these requests on the client's GET stream.
function registerByServer (server: McpServer): void {
  server.registerTool('test_elicitation_sep1034_defaults', {
    description: 'Asks with a default in each field'
  }, async () => {
    const answer = await server.server.elicitInput({
      message: 'Please review and update the form fields with defaults',
      requestedSchema: Profile
    })
    return text(`Elicitation completed: ${JSON.stringify(answer)}`)
  })

  server.registerTool('test_elicitation_sep1330_enums', { description: 'Asks with every kind of choice' }, async () => {
    const answer = await server.server.elicitInput({
      message: 'Please select options from the enum fields',
      requestedSchema: Choices
    })
    return text(`Elicitation completed: ${JSON.stringify(answer)}`)
  })

  server.registerTool('test_missing_capability', { description: 'Needs a client that can sample' }, async () => {
    const said = await server.server.createMessage(say('Say hello'))
    return text(`LLM response: ${textOf(said)}`)
  })

  server.registerTool('test_capabilities', { description: 'Asks what the client can answer' }, async () => {
    const { sampling, elicitation } = server.server.getClientCapabilities() ?? {}
    const said = sampling && textOf(await server.server.createMessage(say('Say hello')))
    const filled =
      elicitation && (await server.server.elicitInput({ message: 'What is your name?', requestedSchema: Name }))
    return text(JSON.stringify({ said, filled }))
  })
}

function say (prompt: string): CreateMessageRequestParams {
  return { messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 }
}

function textOf ({ content }: CreateMessageResult): string {
  return content.type === 'text' ? content.text : content.type
}

function text (text: string): CallToolResult {
  return { content: [{ type: 'text', text }] }
}

function titled (...titles: string[]): Array<{ const: string, title: string }> {
  return titles.map((title, index) => ({ const: `value${index + 1}`, title }))
}
