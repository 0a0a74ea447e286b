// Collects what the diagnostics channels publish about one app.
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import type {
  ClusterEvent, MountIdentity, RefusalEvent, RequestEvent, SessionEvent, WireEvent
} from '../../lib/index.ts'

/** What has been published, in order. */
export interface Events {
  /** The requests that have ended. */
  readonly requests: RequestEvent[]
  /** What happened to requests: the channel, and the method. */
  readonly course: string[]
  readonly refusals: RefusalEvent[]
  readonly messages: WireEvent[]
  readonly sessions: SessionEvent[]
  readonly cluster: ClusterEvent[]
}

/** Subscribes to all channels until the test ends. */
export function collectEvents (t: Test, { server }: Pick<FastifyInstance, 'server'>): Events {
  const events: Events = { requests: [], course: [], refusals: [], messages: [], sessions: [], cluster: [] }
  const requests = tracingChannel<unknown, RequestEvent>('fastify-mcp-mount:request')
  const isOwn = ({ app }: MountIdentity): boolean => app.server === server
  const note = (name: string) => (message: unknown): void => {
    const event = message as RequestEvent
    if (isOwn(event)) events.course.push(`${name} ${event.method}`)
  }
  const parts = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
  const subscribers = parts.map((name) => [requests[name], note(name)] as const)
  const lists = [
    [requests.asyncEnd, events.requests],
    [channel('fastify-mcp-mount:refusal'), events.refusals],
    [channel('fastify-mcp-mount:message'), events.messages],
    [channel('fastify-mcp-mount:session'), events.sessions],
    [channel('fastify-mcp-mount:cluster'), events.cluster]
  ] as const
  const all = [...subscribers, ...lists.map(([of, list]) => {
    const collect = (message: unknown): void => { if (isOwn(message as MountIdentity)) list.push(message as never) }
    return [of, collect] as const
  })]
  for (const [of, listener] of all) of.subscribe(listener)
  t.teardown(() => { for (const [of, listener] of all) of.unsubscribe(listener) })
  return events
}
