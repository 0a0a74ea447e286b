// The questions that a server may ask a client: the capability that each of them needs, and what a valid answer is.
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { isWireObject, type WireObject } from './message.ts'
import { Method } from './methods.ts'

/** A request that a server sends to its client. */
export interface ServerRequest {
  /** The method of the protocol. */
  readonly method: string
  /** The parameters of the method. */
  readonly params: WireObject
}

/** A question to the client (MCP client features). */
export interface Question extends ServerRequest {
  /** The kind of question. */
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list'
}

const METHODS: readonly unknown[] = [
  Method.ElicitationCreate, Method.SamplingCreateMessage, Method.RootsList
] satisfies ReadonlyArray<Question['method']>

/** Whether a value is a question. */
export function isQuestion (value: unknown): value is Question {
  return isWireObject(value) && METHODS.includes(value.method) && isWireObject(value.params)
}

/** Returns the capability that a question needs and the client did not declare, or undefined if it may be asked. */
export function findMissingCapability (
  { method, params }: Question, capabilities: ClientCapabilities
): ClientCapabilities | undefined {
  switch (method) {
    case Method.ElicitationCreate:
      return params.mode === 'url' ? findMissingUrl(capabilities) : findMissingForm(capabilities)
    case Method.SamplingCreateMessage:
      return findMissingSampling(params, capabilities)
    case Method.RootsList:
      return isWireObject(capabilities.roots) ? undefined : { roots: {} }
  }
}

function findMissingUrl ({ elicitation }: ClientCapabilities): ClientCapabilities | undefined {
  return isWireObject(elicitation) && isWireObject(elicitation.url) ? undefined : { elicitation: { url: {} } }
}

// A client that declares no mode supports forms (MCP 2026-07-28 elicitation, Capabilities).
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

/**
 * Says why a value is not an answer to a question, or returns undefined if it is one. The contents of a form are left
 * to its schema.
 */
export function findAnswerProblem ({ method }: Question, answer: unknown): string | undefined {
  if (!isWireObject(answer)) return 'must be an object'
  switch (method) {
    case Method.ElicitationCreate:
      if (!ELICIT_ACTIONS.includes(answer.action)) return "needs an 'action': accept, decline or cancel"
      return hasContent(answer) && !isWireObject(answer.content) ? "must have an object as its 'content'" : undefined
    case Method.SamplingCreateMessage:
      return isSample(answer) ? undefined : "needs a 'role', a 'model' and a 'content'"
    case Method.RootsList:
      return isRootList(answer.roots) ? undefined : "needs 'roots', an array of objects with a 'uri'"
  }
}

function hasContent ({ content }: WireObject): boolean {
  return content !== undefined && content !== null
}

function isSample ({ role, model, content }: WireObject): boolean {
  return typeof role === 'string' && typeof model === 'string' && typeof content === 'object' && content !== null
}

function isRootList (roots: unknown): boolean {
  return Array.isArray(roots) && roots.every((root) => isWireObject(root) && typeof root.uri === 'string')
}
