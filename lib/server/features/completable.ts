// Marks prompt arguments for which clients get suggestions.
import { isWireObject } from '../../protocol/message.ts'
import type { RequestContext } from '../call/request-context.ts'

/**
 * Suggests values for the text that the user has typed. `context.arguments` holds the values chosen for other
 * arguments, and `ctx` is the same request context that handlers get.
 */
export type Complete<Ctx = RequestContext> = (
  value: string, context: { readonly arguments: { readonly [name: string]: string } }, ctx: Ctx
) => readonly string[] | Promise<readonly string[]>

/** A registered completer. Its context has the lifespan type of the server on which it was registered. */
export type Completer = Complete<never>

// A WeakMap would lose the mark when a library wraps a schema; an own property is copied with the schema.
const COMPLETE: unique symbol = Symbol('fastify-mcp-mount.complete')

/**
 * Adds a completer to a prompt argument, and returns the same schema.
 * `toStandardJsonSchema` of valibot drops completers; write `{ ...schema, ...toStandardJsonSchema(schema) }`.
 *
 * @example
 * const language = completable(Type.String(), (typed) => ['German', 'Greek'].filter((name) => name.startsWith(typed)))
 * const argsSchema = Type.Object({ language })
 * notes.registerPrompt('translate', { argsSchema }, async ({ language }) => `Translate to ${language}`)
 */
export function completable<S extends object, Lifespan = unknown> (
  schema: S, complete: Complete<RequestContext<Lifespan>>
): S {
  Object.defineProperty(schema, COMPLETE, { value: complete, enumerable: true, configurable: true })
  return schema
}

/** Finds the completers of an object schema of any library, by property. */
export function findCompleters (schema: unknown): ReadonlyMap<string, Completer> {
  const found = new Map<string, Completer>()
  for (const [name, property] of Object.entries(readProperties(schema))) {
    const complete = readCompleter(property)
    if (complete !== undefined) found.set(name, complete)
  }
  return found
}

// TypeBox and JSON Schema name them `properties`, zod `shape` and valibot `entries`.
function readProperties (schema: unknown): object {
  if (!isWireObject(schema)) return {}
  return [schema.properties, schema.shape, schema.entries].find(isWireObject) ?? {}
}

// In zod and valibot, an optional argument wraps the marked schema.
function readCompleter (property: unknown): Completer | undefined {
  if (!isWireObject(property)) return undefined
  // Only completable() sets the mark.
  const marked = property as { readonly [COMPLETE]?: Completer }
  const inner = isWireObject(property.def) ? property.def.innerType : property.wrapped
  return marked[COMPLETE] ?? readCompleter(inner)
}
