// Marks the arguments of prompts whose values are completed.
import { isWireObject } from '../../protocol/message.ts'
import type { RequestContext } from '../call/request-context.ts'

/**
 * Suggests values for what was typed so far. `context.arguments` are the values that were chosen before, and `ctx` is
 * the request as handlers get it.
 */
export type Complete<Ctx = RequestContext> = (
  value: string, context: { readonly arguments: { readonly [name: string]: string } }, ctx: Ctx
) => readonly string[] | Promise<readonly string[]>

/** A completer as it is kept. It gets requests of the server that it was registered on, whose lifespan types them. */
export type Completer = Complete<never>

// Schemas of some libraries copy their own symbols when they are wrapped, so the mark is a property of the schema.
const COMPLETE: unique symbol = Symbol('fastify-mcp-mount.complete')

/**
 * Has the values of a prompt argument completed. Returns the schema it was given, marked.
 * The marks of valibot's arguments are lost by `toStandardJsonSchema` alone; write `{ ...schema,
 * ...toStandardJsonSchema(schema) }`.
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

/** Finds the completers in the properties of an object schema, whichever library it is of. */
export function findCompleters (schema: unknown): ReadonlyMap<string, Completer> {
  const found = new Map<string, Completer>()
  for (const [name, property] of Object.entries(readProperties(schema))) {
    const complete = readCompleter(property)
    if (complete !== undefined) found.set(name, complete)
  }
  return found
}

// TypeBox and JSON Schema call them properties, zod calls them shape, valibot entries.
function readProperties (schema: unknown): object {
  if (!isWireObject(schema)) return {}
  return [schema.properties, schema.shape, schema.entries].find(isWireObject) ?? {}
}

// An optional argument of zod or valibot wraps the schema that was marked.
function readCompleter (property: unknown): Completer | undefined {
  if (!isWireObject(property)) return undefined
  // Only completable() sets the mark.
  const marked = property as { readonly [COMPLETE]?: Completer }
  const inner = isWireObject(property.def) ? property.def.innerType : property.wrapped
  return marked[COMPLETE] ?? readCompleter(inner)
}
