// Describes requests by attributes.
import type { Attributes } from '@opentelemetry/api'
import { RpcError } from '../../errors.ts'
import { shorten } from '../../protocol/bounds.ts'
import { Method } from '../../protocol/methods.ts'
import type { RequestEvent, RequestOutcome } from '../events.ts'
import { Attribute, OTHER } from './names.ts'

const METHODS: ReadonlySet<string> = new Set(Object.values(Method))
const SUCCESSES: ReadonlySet<RequestOutcome | undefined> = new Set(['ok', 'input_required'])

/** Returns a method as it may be a label: clients can send any text as one. */
export function labelOfMethod (method: string): string {
  return METHODS.has(method) ? method : OTHER
}

/** Returns the attributes that spans and metrics of a request share. */
export function describeRequest ({ mount, method, revision, transport, request }: RequestEvent): Attributes {
  return {
    [Attribute.Method]: labelOfMethod(method),
    [Attribute.Revision]: revision,
    [Attribute.Mount]: mount,
    ...(method === Method.ToolsCall && { [Attribute.Operation]: 'execute_tool' }),
    ...(transport === 'stdio' && { [Attribute.Transport]: 'pipe' }),
    ...(request !== undefined && {
      [Attribute.Transport]: 'tcp',
      [Attribute.ProtocolName]: 'http',
      [Attribute.ProtocolVersion]: request.raw.httpVersion
    })
  }
}

/** Returns the attributes that say how a request ended. */
export function describeEnd ({ outcome, error }: RequestEvent): Attributes {
  const code = error instanceof RpcError ? String(error.code) : undefined
  return {
    [Attribute.Outcome]: String(outcome),
    ...(!SUCCESSES.has(outcome) && {
      [Attribute.ErrorType]: String(outcome === 'refused' ? code ?? outcome : outcome)
    }),
    ...(code !== undefined && { [Attribute.StatusCode]: code })
  }
}

/** Returns the attributes that only spans have, because their values are too many for metrics. */
export function describeSpan ({ tool, prompt, uri, requestId, session, request }: RequestEvent): Attributes {
  return {
    [Attribute.RequestId]: String(requestId),
    ...(tool !== undefined && { [Attribute.Tool]: shorten(tool) }),
    ...(prompt !== undefined && { [Attribute.Prompt]: shorten(prompt) }),
    ...(uri !== undefined && { [Attribute.ResourceUri]: shorten(uri) }),
    ...(session !== undefined && { [Attribute.Session]: session }),
    ...(request !== undefined && { [Attribute.ClientAddress]: request.ip })
  }
}
