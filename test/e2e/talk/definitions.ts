// The servers of the suites on what flows from server to client. They are made by name, as nodes may be other
// processes.
import { inputRequired, McpServer, ResourceTemplate, Type, type SampleParams } from '../../../lib/index.ts'
import { createEverything } from '../../support/everything.ts'

/** The parts of a stage that a server uses. */
export interface Props {
  /** Lets the test know of something. */
  note (text: string): void
  /** Waits until the test opens a gate. */
  pass (gate: string): Promise<void>
}

// All nodes have this key, so that each can open the state that another one has sealed.
const requestState = { keys: ['0123456789abcdef0123456789abcdef'] }

const Guest = Type.Object({ name: Type.String({ minLength: 2 }), age: Type.Integer({ minimum: 0 }) })
const Name = Type.Object({ name: Type.String() })
const Consent = Type.Object({ agreed: Type.Boolean() })
export const PROMPTED: SampleParams = {
  messages: [{ role: 'user', content: { type: 'text', text: 'Name a number' } }],
  maxTokens: 10
}

/** The servers by their names. */
export const definitions = {
  everything: () => createEverything(),
  asking: createAsking,
  slow: createSlow,
  notes: createChanging,
  long: createLong,
  watched: createWatched
}

export type DefinitionName = keyof typeof definitions

/** Handlers that ask in the middle of their work. */
function createAsking ({ note }: Props): McpServer {
  const server = new McpServer({ name: 'Asking', version: '1.0.0' }, { requestState })
  addForms(server)
  addOtherQuestions(server)

  server.registerTool('order', {}, async (_args, ctx) => {
    note('round')
    const order = await ctx.once('order', () => {
      note('order')
      return { id: 2 }
    })
    const guest = await ctx.elicit('Who are you?', Name)
    const bill = await ctx.once('bill', () => { note('bill') })
    const consent = await ctx.elicit('Do you agree?', Consent)
    return JSON.stringify([order, guest.action, bill === undefined, consent.action])
  })

  server.registerTool('by_hand', {}, (_args, { inputResponses, inputState }) => inputState === undefined
    ? inputRequired({
      inputRequests: {
        who: {
          method: 'elicitation/create',
          params: {
            message: 'Who are you?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } } }
          }
        },
        where: { method: 'roots/list', params: {} }
      },
      state: { step: 1 }
    })
    : JSON.stringify({ inputState, inputResponses }))

  return server
}

function addForms (server: McpServer): void {
  server.registerTool('register', {}, async (_args, ctx) => {
    const answer = await ctx.elicit('Who are you?', Guest)
    return answer.action === 'accept'
      ? `${answer.content.name.toUpperCase()} will be ${answer.content.age + 1}`
      : answer.action
  })
  server.registerTool('one_after_the_other', {}, async (_args, ctx) => {
    const first = await ctx.elicit('Who are you?', Name)
    const name = first.action === 'accept' ? first.content.name : 'nobody'
    const second = await ctx.elicit(`Do you agree, ${name}?`, Consent)
    return JSON.stringify([first, second])
  })
  server.registerTool('at_once', {}, async (_args, ctx) => JSON.stringify(await Promise.all([
    ctx.elicit('Who are you?', Name), ctx.elicit('Do you agree?', Consent)
  ])))
  server.registerPrompt('greeting', { argsSchema: Type.Object({ tone: Type.String() }) }, async ({ tone }, ctx) => {
    const answer = await ctx.elicit('Who are you?', Name)
    return `Greet ${answer.action === 'accept' ? answer.content.name : 'nobody'} in a ${tone} tone`
  })
  server.registerResource('diary', new ResourceTemplate('diary://{day}'), {}, async (_uri, { day }, ctx) => {
    const answer = await ctx.elicit(`Open ${String(day)}?`, Consent)
    return answer.action === 'accept' && answer.content.agreed ? `Dear diary of ${String(day)}` : 'locked'
  })
}

function addOtherQuestions (server: McpServer): void {
  server.registerTool(
    'pay',
    {},
    async (_args, ctx) => (await ctx.elicitUrl('Pay here', 'https://pay.example/7')).action
  )
  server.registerTool('think', {}, async (_args, ctx) => JSON.stringify(await ctx.sample(PROMPTED)))
  server.registerTool('roots', {}, async (_args, ctx) => JSON.stringify(await ctx.listRoots()))
}

/** Calls that last until they are stopped, or their user agrees. */
function createSlow ({ note }: Props): McpServer {
  const server = new McpServer({ name: 'Slow', version: '1.0.0' }, { requestState })
  const watch = (what: string, signal: AbortSignal): void => {
    note(`${what} begins`)
    signal.addEventListener('abort', () => note(`${what} is stopped: ${String(signal.reason)}`), { once: true })
  }
  server.registerTool('here', {}, () => 'yes')
  server.registerTool('work', {}, async (_args, { signal }) => {
    watch('work', signal)
    if (!signal.aborted) await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
    return 'stopped'
  })
  server.registerTool('ask', {}, async (_args, ctx) => {
    watch('ask', ctx.signal)
    return (await ctx.elicit('Do you agree?', Consent)).action
  })
  return server
}

/** A server with a resource that clients may watch, and one that they may not. */
function createChanging (): McpServer {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState, authorizeSubscription: (uri) => uri !== 'notes://secret' }
  )
  server.registerTool('change', {}, (_args, ctx) => {
    ctx.notifyResourceUpdated('notes://a')
    ctx.notifyResourceUpdated('notes://secret')
    return 'changed'
  })
  server.registerPrompt('ask', {}, () => 'a')
  server.registerResource('a', 'notes://a', {}, () => 'a')
  return server
}

/** A server with one resource. */
function createWatched (): McpServer {
  const server = new McpServer({ name: 'Watched', version: '1.0.0' }, { requestState })
  server.registerResource('a', 'notes://a', {}, () => 'a')
  return server
}

/** A server with a tool that stops half-way until the gate `cut` is opened. */
function createLong ({ note, pass }: Props): McpServer {
  const server = new McpServer({ name: 'Long', version: '1.0.0' }, { requestState })
  server.registerTool('count', { inputSchema: Type.Object({ to: Type.Integer() }) }, async ({ to }, ctx) => {
    for (let n = 1; n <= to; n++) {
      await ctx.reportProgress(n, to)
      if (n === to / 2) {
        note('half')
        await pass('cut')
      }
    }
    return `${to} counted`
  })
  return server
}
