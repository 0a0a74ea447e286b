import { tracingChannel } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { expect, test } from 'tstyche'
import {
  McpServer, type ClusterEvent, type ClusterPeer, type KeyPurpose, type PeerDifference, type RefusalEvent,
  type RefusalReason, type RequestEvent, type RequestOutcome, type SessionEnd, type SessionEvent, type WireEvent
} from '../lib/index.ts'

test('a channel of Node.js takes the type of its events', () => {
  const requests = tracingChannel<string | undefined, RequestEvent>('fastify-mcp-mount:request')

  expect(requests.start.runStores).type.toBeCallableWith({} as RequestEvent, () => {})
})

test('an event names what happened by literals', () => {
  expect<RequestEvent['outcome']>().type.toBe<RequestOutcome | undefined>()
  expect<RequestEvent['request']>().type.toBe<FastifyRequest | undefined>()
  expect<RequestEvent['app']>().type.toBe<FastifyInstance>()
  expect<'tool_error'>().type.toBeAssignableTo<RequestOutcome>()
  expect<'failed'>().type.not.toBeAssignableTo<RequestOutcome>()
  expect<RefusalEvent['reason']>().type.toBe<RefusalReason>()
  expect<'token'>().type.toBeAssignableTo<RefusalReason>()
  expect<WireEvent['direction']>().type.toBe<'in' | 'out'>()
  expect<SessionEvent['reason']>().type.toBe<SessionEnd | undefined>()
  expect<'different'>().type.toBeAssignableTo<ClusterEvent['kind']>()
  expect<'gone'>().type.not.toBeAssignableTo<ClusterEvent['kind']>()
  expect<ClusterEvent['peer']>().type.toBe<ClusterPeer | undefined>()
  expect<ClusterEvent['difference']>().type.toBe<PeerDifference | undefined>()
  expect<PeerDifference['keys']>().type.toBe<readonly KeyPurpose[]>()
})

test('a middleware reads how the request ended', () => {
  new McpServer({ name: 'Notes', version: '1.0.0' }).use(async (ctx, next) => {
    const result = await next()
    expect(ctx.outcome).type.toBe<RequestOutcome | undefined>()
    return result
  })
})
