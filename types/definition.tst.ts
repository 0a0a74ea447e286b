import Fastify from 'fastify'
import { expect, test } from 'tstyche'
import { definitionContract, type Contract } from '../lib/contracts/index.ts'
import mcpPlugin, {
  McpServer,
  type Caller,
  type Channel,
  type Incoming,
  type Mountable,
  type Outcome,
  type RequestMessage,
  type RequestOutcome,
  type ServerDefinition
} from '../lib/index.ts'

test('a custom definition needs only the method serve', () => {
  const app = Fastify()

  expect<{ serve: () => Promise<object> }>().type.toBeAssignableTo<ServerDefinition>()
  expect<{ serve: (incoming: Incoming) => Promise<string> }>().type.toBeAssignableTo<ServerDefinition>()
  expect<{ serve: () => Promise<undefined> }>().type.not.toBeAssignableTo<ServerDefinition>()
  expect<{ enter: () => Promise<{ value: 1 }> }>().type.not.toBeAssignableTo<ServerDefinition>()
  expect<ServerDefinition>().type.toBeAssignableTo<Mountable>()
  expect(app.register).type.toBeCallableWith(mcpPlugin, {
    server: { serve: async ({ message }: Incoming) => ({ method: message.method }) }
  })
})

test('a definition gets a message with its caller and its channel', () => {
  expect<Incoming>().type.toBe<{
    readonly message: RequestMessage
    readonly caller: Caller
    readonly channel: Channel
    report? (outcome: RequestOutcome, error?: unknown): void
  }>()
  expect<Awaited<ReturnType<McpServer['serve']>>>().type.toBe<Outcome>()
})

test('the contract of definitions takes a factory, synchronous or async', () => {
  const subject = {
    definition: new McpServer({ name: 'Notes', version: '1.0.0' }),
    whoami: 'a',
    report: 'b',
    wait: 'c',
    waiting: () => 0
  }

  expect(definitionContract(() => subject)).type.toBe<readonly Contract[]>()
  expect(definitionContract(async () => ({ ...subject, change () {} }), { patience: 100 })).type.toBe<
    readonly Contract[]
  >()
  expect(definitionContract).type.not.toBeCallableWith(() => ({ definition: subject.definition }))
})
