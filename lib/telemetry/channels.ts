// The channels of node:diagnostics_channel on which the mounts of this process publish what happens.
import { channel, tracingChannel } from 'node:diagnostics_channel'
import type { QuestionEvent, RequestEvent } from './events.ts'

/** Requests that a server serves. Each message is a {@link RequestEvent}. */
export const requests = tracingChannel<unknown, RequestEvent>('fastify-mcp-mount:request')

/** What requests ask their clients. Each message is a {@link QuestionEvent}. */
export const questions = tracingChannel<unknown, QuestionEvent>('fastify-mcp-mount:question')

/** Messages and HTTP requests that no server sees. Each message is a `RefusalEvent`. */
export const refusals = channel('fastify-mcp-mount:refusal')

/** Messages as clients and servers exchange them. Each message is a `WireEvent`. */
export const messages = channel('fastify-mcp-mount:message')

/** Sessions that open or end. Each message is a `SessionEvent`. */
export const sessions = channel('fastify-mcp-mount:session')

/** What happens to the nodes of a cluster. Each message is a `ClusterEvent`. */
export const cluster = channel('fastify-mcp-mount:cluster')
