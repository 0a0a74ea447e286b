// Completion of prompt arguments and of the variables of resource templates.
import type { CompleteResult } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode } from '../protocol/error-code.ts'
import { isWireObject } from '../protocol/message.ts'
import { canonicalTemplate } from '../protocol/uri-template.ts'
import { MAX_URI_LENGTH } from '../protocol/uri.ts'
import { RefusedError } from '../errors.ts'
import { isAdmitted } from './access.ts'
import { runHandler, type Call } from './call.ts'
import type { Collection, Entry } from './collection.ts'
import type { RequestContext } from './request-context.ts'
import type { Prompt } from './prompts.ts'
import type { TemplateEntry } from './resources.ts'

/**
 * Suggests values that begin like the one typed so far; `context.arguments` are the values chosen before, `ctx` is the
 * request as handlers get it.
 */
export type Complete<Ctx = RequestContext> = (
  value: string, context: { readonly arguments: { readonly [name: string]: string } }, ctx: Ctx
) => readonly string[] | Promise<readonly string[]>

/** A completer as it is kept: the server whose requests it gets is the one that it was registered on. */
export type Completer = Complete<never>

// The most values of one answer (MCP 2026-07-28 completion, Completion Results).
const MOST_VALUES = 100

// Schemas of some libraries copy their own symbols when they are wrapped, so the mark is a property of the schema.
const COMPLETE: unique symbol = Symbol('fastify-mcp-mount.complete')

/**
 * Has the values of a prompt argument completed. Returns the schema it was given, marked.
 * The marks of valibot's arguments are lost by `toStandardJsonSchema` alone; write `{ ...schema, ...toStandardJsonSchema(schema) }`.
 *
 * @example
 * const language = completable(Type.String(), (typed) => ['German', 'Greek'].filter((name) => name.startsWith(typed)))
 * notes.registerPrompt('translate', { argsSchema: Type.Object({ language }) }, async ({ language }) => `Translate to ${language}`)
 */
export function completable<S extends object, Lifespan = unknown> (schema: S, complete: Complete<RequestContext<Lifespan>>): S {
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

/**
 * Serves `completion/complete`.
 * @throws RpcError when the reference names no prompt or template, or the completer failed.
 */
export async function complete (prompts: Collection<Prompt>, templates: Collection<TemplateEntry>, call: Call): Promise<CompleteResult> {
  const { ref, argument, context } = call.ctx.params
  if (!isWireObject(ref) || !isWireObject(argument) || typeof argument.name !== 'string' || typeof argument.value !== 'string') {
    throw new RefusedError(ErrorCode.InvalidParams, "Invalid params: completion/complete needs a 'ref' object and an 'argument' with a name and a value")
  }

  const { name, value } = argument
  const found = findReferenced(prompts, templates, ref)
  if (found === undefined || (found.entry.access !== undefined && !await isAdmitted(found.entry, call))) {
    throw new RefusedError(ErrorCode.InvalidParams, "Invalid params: 'ref' names no prompt and no resource template of this server")
  }
  const completer = found.completers.get(name)
  if (completer === undefined) return { completion: { values: [], hasMore: false } }

  const args = readArguments(context)
  // Contexts are typed by the lifespan of the server that the completer was registered on.
  const suggest = async (): Promise<readonly string[]> => toValues(await completer(value, { arguments: args }, call.ctx as never))
  const values = await runHandler(call, `completing '${name}'`, suggest)
  return { completion: { values: values.slice(0, MOST_VALUES), total: values.length, hasMore: values.length > MOST_VALUES } }
}

function findReferenced (
  prompts: Collection<Prompt>, templates: Collection<TemplateEntry>, ref: { readonly [key: string]: unknown }
): { readonly entry: Entry, readonly completers: ReadonlyMap<string, Completer> } | undefined {
  const { type, name, uri } = ref
  if (type === 'ref/prompt' && typeof name === 'string') {
    const entry = prompts.get(name)
    return entry && { entry, completers: entry.completers }
  }
  if (type !== 'ref/resource' || typeof uri !== 'string') return undefined
  const key = uri.length > MAX_URI_LENGTH ? undefined : canonicalTemplate(uri)
  const entry = key === undefined ? undefined : templates.get(key)
  return entry && { entry, completers: entry.template.completers }
}

function readArguments (context: unknown): { readonly [name: string]: string } {
  const given = isWireObject(context) && isWireObject(context.arguments) ? context.arguments : {}
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

function toValues (returned: unknown): readonly string[] {
  if (Array.isArray(returned) && returned.every((item) => typeof item === 'string')) return returned
  throw new TypeError('a completer must return an array of strings')
}
