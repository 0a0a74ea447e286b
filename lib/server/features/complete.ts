// Serves `completion/complete` for the arguments of prompts and the variables of resource templates.
import type { CompleteResult } from '@modelcontextprotocol/sdk/types.js'
import { isWireObject } from '../../protocol/message.ts'
import { canonicalTemplate } from '../../protocol/uri-template.ts'
import { MAX_URI_LENGTH } from '../../protocol/uri.ts'
import { invalidParams } from '../../errors.ts'
import { isAdmitted } from '../lists/access.ts'
import type { Call } from '../call/call.ts'
import type { Collection, Entry } from '../lists/collection.ts'
import type { Completer } from './completable.ts'
import type { Prompt } from './prompt.ts'
import type { TemplateEntry } from './resource.ts'

// The limit of values in one result (MCP 2026-07-28 completion, Completion Results).
const MAX_VALUES = 100

/**
 * Serves `completion/complete`.
 * @throws RpcError if the reference names no prompt or template, or if the completer fails.
 */
export async function complete (
  prompts: Collection<Prompt>, templates: Collection<TemplateEntry>, call: Call
): Promise<CompleteResult> {
  const { ref, argument, context } = call.message.params
  if (!isWireObject(ref) || !isWireObject(argument) ||
    typeof argument.name !== 'string' || typeof argument.value !== 'string') {
    throw invalidParams("completion/complete needs a 'ref' object and an 'argument' with a name and a value")
  }

  const { name, value } = argument
  const found = findReferenced(prompts, templates, ref)
  if (found === undefined || (found.entry.access !== undefined && !await isAdmitted(found.entry, call))) {
    throw invalidParams("'ref' names no prompt and no resource template of this server")
  }
  const completer = found.completers.get(name)
  if (completer === undefined) return { completion: { values: [], hasMore: false } }

  const args = readArguments(context)
  // The context has the lifespan type of the server on which the completer was registered.
  const suggest = async (): Promise<readonly string[]> =>
    toValues(await completer(value, { arguments: args }, call.ctx as never))
  const values = await call.attempt(`completing '${name}'`, suggest)
  const { length: total } = values
  return { completion: { values: values.slice(0, MAX_VALUES), total, hasMore: total > MAX_VALUES } }
}

function findReferenced (
  prompts: Collection<Prompt>, templates: Collection<TemplateEntry>, ref: { readonly [key: string]: unknown }
): { readonly entry: Entry, readonly completers: ReadonlyMap<string, Completer> } | undefined {
  const { type, name, uri } = ref
  if (type === 'ref/prompt' && typeof name === 'string') {
    const entry = prompts.byKey.get(name)
    return entry && { entry, completers: entry.completers }
  }
  if (type !== 'ref/resource' || typeof uri !== 'string') return undefined
  const key = uri.length > MAX_URI_LENGTH ? undefined : canonicalTemplate(uri)
  const entry = key === undefined ? undefined : templates.byKey.get(key)
  return entry && { entry, completers: entry.template.completers }
}

function readArguments (context: unknown): { readonly [name: string]: string } {
  const given = isWireObject(context) && isWireObject(context.arguments) ? context.arguments : {}
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string'
  return Object.fromEntries(Object.entries(given).filter(isText))
}

function toValues (returned: unknown): readonly string[] {
  if (Array.isArray(returned) && returned.every((item) => typeof item === 'string')) return returned
  throw new TypeError('a completer must return an array of strings')
}
