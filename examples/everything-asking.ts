// The tools that the conformance suite expects of a server that asks its client, in both eras.
import { inputRequired, Type, type McpServer } from 'fastify-mcp-mount'

const Contact = Type.Object({
  username: Type.String({ description: "User's response" }),
  email: Type.String({ description: "User's email address" })
})
const Name = Type.Object({ name: Type.String() })
const Color = Type.Object({ color: Type.String() })
const Confirmation = Type.Object({ ok: Type.Boolean() })
const Context = Type.Object({ context: Type.String() })

const Profile = Type.Object({
  name: Type.String({ description: 'User name', default: 'John Doe' }),
  age: Type.Integer({ description: 'User age', default: 30 }),
  score: Type.Number({ description: 'User score', default: 95.5 }),
  status: Type.Unsafe<string>({
    type: 'string',
    description: 'User status',
    enum: ['active', 'inactive', 'pending'],
    default: 'active'
  }),
  verified: Type.Boolean({ description: 'Verification status', default: true })
})

const OPTIONS = ['option1', 'option2', 'option3']
const Choices = {
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

/** Registers the tools and the prompt that ask. */
export function registerAsking (server: McpServer): void {
  registerQuestions(server)
  registerForms(server)
  registerRounds(server)
  registerStates(server)

  server.registerPrompt('test_input_required_result_prompt', {
    description: 'A prompt that asks the user'
  }, async (_args, ctx) => {
    const answer = await ctx.elicit('What context should the prompt use?', Context, { key: 'user_context' })
    return answer.action === 'accept' ? `Prompt with context: ${answer.content.context}` : 'Prompt without context'
  })
}

function registerQuestions (server: McpServer): void {
  server.registerTool('test_sampling', {
    description: "Has the client's model write a message",
    inputSchema: Type.Object({ prompt: Type.String({ description: 'The prompt to send to the LLM' }) })
  }, async ({ prompt }, ctx) => {
    const { content } = await ctx.sample({
      messages: [{ role: 'user', content: { type: 'text', text: prompt } }],
      maxTokens: 100
    })
    return `LLM response: ${content.type === 'text' ? content.text : content.type}`
  })

  server.registerTool('test_elicitation', {
    description: 'Asks the user for a name and an address',
    inputSchema: Type.Object({ message: Type.String({ description: 'The message to show the user' }) })
  }, async ({ message }, ctx) => `User response: ${JSON.stringify(await ctx.elicit(message, Contact))}`)
}

function registerForms (server: McpServer): void {
  server.registerTool('test_elicitation_sep1034_defaults', {
    description: 'Asks with a default in each field'
  }, async (_args, ctx) => {
    const answer = await ctx.elicit('Please review and update the form fields with defaults', Profile)
    return `Elicitation completed: ${JSON.stringify(answer)}`
  })

  server.registerTool('test_elicitation_sep1330_enums', {
    description: 'Asks with every kind of choice'
  }, async (_args, ctx) => {
    const answer = await ctx.elicit('Please select options from the enum fields', Choices)
    return `Elicitation completed: ${JSON.stringify(answer)}`
  })

  server.registerTool('test_streaming_elicitation', {
    description: 'Reports its progress and asks the user'
  }, async (_args, ctx) => {
    await ctx.reportProgress(1, 2)
    const answer = await ctx.elicit('Go on?', Confirmation)
    return `The user's answer: ${answer.action}`
  })
}

function registerRounds (server: McpServer): void {
  server.registerTool('test_input_required_result_elicitation', {
    description: 'Asks for a name'
  }, async (_args, ctx) => {
    const answer = await ctx.elicit('What is your name?', Name, { key: 'user_name' })
    return answer.action === 'accept' ? `Hello, ${answer.content.name}!` : 'Hello, whoever you are!'
  })

  server.registerTool('test_input_required_result_sampling', { description: 'Asks a model' }, async (_args, ctx) => {
    const { content } = await ctx.sample({
      messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }], maxTokens: 100
    }, { key: 'capital_question' })
    return content.type === 'text' ? content.text : content.type
  })

  server.registerTool('test_input_required_result_list_roots', {
    description: 'Asks for the roots'
  }, async (_args, ctx) => {
    const roots = await ctx.listRoots({ key: 'client_roots' })
    return `Roots: ${roots.map(({ uri }) => uri).join(', ')}`
  })

  server.registerTool('test_input_required_result_multi_round', {
    description: 'Asks one thing after the other'
  }, async (_args, ctx) => {
    // With this, the first round has state to remember, too.
    await ctx.once('start', () => 'started')
    const name = await ctx.elicit('Step 1: What is your name?', Name, { key: 'step1' })
    const color = await ctx.elicit('Step 2: What is your favorite color?', Color, { key: 'step2' })
    return JSON.stringify({ name, color })
  })

  server.registerTool('test_input_required_result_capabilities', {
    description: 'Asks what the client can answer'
  }, async (_args, ctx) => {
    const { sampling, elicitation } = ctx.client.capabilities
    const said =
      sampling &&
      (await ctx.sample({ messages: [{ role: 'user', content: { type: 'text', text: 'Say hello' } }], maxTokens: 50 }))
    const filled = elicitation && await ctx.elicit('What is your name?', Name)
    return JSON.stringify({ said, filled })
  })
}

function registerStates (server: McpServer): void {
  const confirm = {
    method: 'elicitation/create',
    params: { message: 'Please confirm', requestedSchema: { ...Confirmation } }
  } as const

  server.registerTool('test_input_required_result_request_state', {
    description: 'Keeps a state while it asks'
  }, (_args, ctx) =>
    ctx.inputState === 'asked' && ctx.inputResponses['confirm'] !== undefined
      ? 'state-ok: the state came back'
      : inputRequired({ inputRequests: { confirm }, state: 'asked' }))

  server.registerTool('test_input_required_result_tampered_state', {
    description: 'Refuses a state that was changed'
  }, (_args, ctx) =>
    ctx.inputState === 'sealed' && ctx.inputResponses['confirm'] !== undefined
      ? 'The state was not changed'
      : inputRequired({ inputRequests: { confirm }, state: 'sealed' }))

  server.registerTool('test_input_required_result_multiple_inputs', {
    description: 'Asks three things at once'
  }, async (_args, ctx) => {
    await ctx.once('start', () => 'started')
    const [name, greeting, roots] = await Promise.all([
      ctx.elicit('What is your name?', Name, { key: 'user_name' }),
      ctx.sample(
        { messages: [{ role: 'user', content: { type: 'text', text: 'Generate a greeting' } }], maxTokens: 50 },
        { key: 'greeting' }
      ),
      ctx.listRoots({ key: 'client_roots' })
    ])
    return JSON.stringify({ name, greeting, roots })
  })
}

function titled (...titles: string[]): Array<{ const: string, title: string }> {
  return titles.map((title, index) => ({ const: `value${index + 1}`, title }))
}
