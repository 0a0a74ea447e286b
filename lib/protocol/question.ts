// What a server may ask a client: the capability that each question needs, and what is no answer to it.
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { isWireObject, type WireObject } from './message.ts'

/** A request that a server sends to its client. */
export interface ServerRequest {
  /** The method of the protocol. */
  readonly method: string
  /** Its parameters. */
  readonly params: WireObject
}

/** A question to the client (MCP client features). */
export interface Question extends ServerRequest {
  /** What is asked. */
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'
}

const METHODS: readonly unknown[] = ['elicitation/create', 'sampling/createMessage', 'roots/list'] satisfies ReadonlyArray<Question['method']>

/** Tells whether a value is a question that there is a method for. */
export function isQuestion (value: unknown): value is Question {
  return isWireObject(value) && METHODS.includes(value.method) && isWireObject(value.params)
}

/** Finds the capability that a question needs and the client did not declare; undefined when it may be asked. */
export function findMissingCapability ({ method, params }: Question, capabilities: ClientCapabilities): ClientCapabilities | undefined {
  switch (method) {
    case 'elicitation/create': return params.mode === 'url' ? findMissingUrl(capabilities) : findMissingForm(capabilities)
    case 'sampling/createMessage': return findMissingSampling(params, capabilities)
    case 'roots/list': return isWireObject(capabilities.roots) ? undefined : { roots: {} }
  }
}

function findMissingUrl ({ elicitation }: ClientCapabilities): ClientCapabilities | undefined {
  return isWireObject(elicitation) && isWireObject(elicitation.url) ? undefined : { elicitation: { url: {} } }
}

// A client that names no mode at all has that of forms (MCP 2026-07-28 elicitation, Capabilities).
function findMissingForm ({ elicitation }: ClientCapabilities): ClientCapabilities | undefined {
  if (!isWireObject(elicitation)) return { elicitation: {} }
  return !isWireObject(elicitation.form) && isWireObject(elicitation.url) ? { elicitation: { form: {} } } : undefined
}

function findMissingSampling (params: WireObject, { sampling }: ClientCapabilities): ClientCapabilities | undefined {
  const usesTools = params.tools !== undefined || params.toolChoice !== undefined
  if (!isWireObject(sampling)) return { sampling: usesTools ? { tools: {} } : {} }
  return usesTools && !isWireObject(sampling.tools) ? { sampling: { tools: {} } } : undefined
}

const ELICIT_ACTIONS: readonly unknown[] = ['accept', 'decline', 'cancel']

/** Tells why a value is no answer to a question; undefined for one that is. What a form holds is its schema's concern. */
export function findAnswerProblem ({ method }: Question, answer: unknown): string | undefined {
  if (!isWireObject(answer)) return 'must be an object'
  switch (method) {
    case 'elicitation/create':
      if (!ELICIT_ACTIONS.includes(answer.action)) return "needs an 'action': accept, decline or cancel"
      return (answer.content ?? undefined) === undefined || isWireObject(answer.content) ? undefined : "must have an object as its 'content'"
    case 'sampling/createMessage':
      return typeof answer.role === 'string' && typeof answer.model === 'string' && typeof answer.content === 'object' && answer.content !== null
        ? undefined
        : "needs a 'role', a 'model' and a 'content'"
    case 'roots/list':
      return Array.isArray(answer.roots) && answer.roots.every((root) => isWireObject(root) && typeof root.uri === 'string')
        ? undefined
        : "needs 'roots', an array of objects with a 'uri'"
  }
}
