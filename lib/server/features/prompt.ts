// Prompts: how they are registered, listed and rendered.
import type { GetPromptResult, Icon, PromptArgument, PromptMessage } from '@modelcontextprotocol/sdk/types.js'
import { shorten } from '../../protocol/bounds.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { resolveToJson } from '../../protocol/json.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import { invalidParams, MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA, RefusedError } from '../../errors.ts'
import { kind, object, string } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { ACCESS, isAdmitted, resolveAccess, type AccessConfig } from '../lists/access.ts'
import { InvalidArgumentsError, type Call } from '../call/call.ts'
import type { Collection, Entry, Handle } from '../lists/collection.ts'
import { findCompleters, type Completer } from './completable.ts'
import { checkConfig, icons } from './config-check.ts'
import { isContentBlock, textBlock } from '../call/content.ts'
import type { InputRequired, InputRequiredResult } from '../call/input-required.ts'
import type { RequestContext } from '../call/request-context.ts'
import { compileArguments } from '../schema/optional-defaults.ts'
import { PatternCheck } from '../schema/pattern-check.ts'
import type { AnySchema, CompiledSchema, InferInput } from '../schema/schema.ts'

/** What a prompt is, apart from its name and handler. */
export interface PromptConfig<Args extends AnySchema | undefined = undefined, Lifespan = unknown> extends AccessConfig<Lifespan> {
  /** A name for people. */
  readonly title?: string
  /** What the prompt is for. */
  readonly description?: string
  /** The arguments, all of them strings on the wire; wrap one in `completable` to have it completed. */
  readonly argsSchema?: Args
  /** Pictures for people, in several sizes. */
  readonly icons?: readonly Icon[]
  /** What clients are told besides, as it is. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/** What a prompt's handler may return: the text of one user message, a message, an array of messages, or a whole result. */
export type PromptReturn = string | PromptMessage | readonly PromptMessage[] | GetPromptResult

/** Renders one prompt. */
export type PromptHandler<Args, Lifespan> = (
  args: InferInput<Args>, ctx: RequestContext<Lifespan>
) => PromptReturn | InputRequired | Promise<PromptReturn | InputRequired>

/** What can be changed of a registered prompt. */
export type PromptChanges = PromptConfig<AnySchema> & {
  /** What runs from now on. */
  readonly handler?: AnyHandler
}

/** Changes a registered prompt. */
export type PromptHandle = Handle<PromptChanges>

// The type of a handler's arguments is checked where it is registered; from there on it is the schema's concern.
type AnyHandler = (args: never, ctx: never) => unknown

/** A registered prompt. */
export interface Prompt extends Entry {
  readonly config: PromptConfig<AnySchema>
  readonly handler: AnyHandler
  readonly check: CompiledSchema['validate'] | undefined
  readonly completers: ReadonlyMap<string, Completer>
  readonly listed: Omit<PromptConfig, 'argsSchema' | keyof AccessConfig> & { readonly name: string, readonly arguments?: readonly PromptArgument[] }
}

const NO_PROPERTIES: WireObject = Object.freeze({})

const PROMPT = {
  title: string(),
  description: string(),
  // Compiling a schema checks it.
  argsSchema: kind<AnySchema>(() => undefined)(),
  icons: icons(),
  _meta: object<{ readonly [key: string]: unknown }>(),
  ...ACCESS
} satisfies TableOf<PromptConfig<AnySchema, never>>

/** Checks and compiles a prompt. @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA */
export function createPrompt (
  name: string, config: PromptConfig<AnySchema>, handler: AnyHandler, patterns = new PatternCheck()
): Prompt {
  const label = `prompt '${name}'`
  if (typeof name !== 'string' || name === '') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a name: a string that is not empty')
  checkConfig(label, config, PROMPT)
  if (typeof handler !== 'function') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a handler: a function')

  const { argsSchema, title, description, icons, _meta } = config
  const where = `argsSchema of ${label}`
  const args = argsSchema === undefined ? undefined : compileArguments(argsSchema, where, patterns.createRegExp)
  if (args !== undefined && args.json.type !== 'object') throw new MCP_ERR_INVALID_SCHEMA(where, "must describe an object: its root needs type 'object'")

  return {
    key: name,
    label,
    enabled: true,
    warnings: patterns.listWarnings(argsSchema, args?.json, where),
    access: resolveAccess(config),
    config,
    handler,
    check: args?.validate,
    completers: findCompleters(argsSchema),
    listed: {
      name,
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(args !== undefined && { arguments: listArguments(args.json) }),
      ...(icons !== undefined && { icons }),
      ...(_meta !== undefined && { _meta })
    }
  }
}

/** The prompt that takes the place of another one. @throws as {@link createPrompt} */
export function updatePrompt (
  prompt: Prompt, { handler = prompt.handler, ...changes }: PromptChanges, patterns?: PatternCheck
): Prompt {
  return createPrompt(prompt.key, { ...prompt.config, ...changes }, handler, patterns)
}

function listArguments (schema: WireObject): PromptArgument[] {
  const properties = isWireObject(schema.properties) ? schema.properties : NO_PROPERTIES
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : []
  return Object.entries(properties).map(([name, property]) => ({
    name,
    ...(isWireObject(property) && typeof property.title === 'string' && { title: property.title }),
    ...(isWireObject(property) && typeof property.description === 'string' && { description: property.description }),
    required: required.includes(name)
  }))
}

/**
 * Serves `prompts/get`.
 * @throws RpcError when the request names no prompt, its arguments do not fit, or the handler failed.
 */
export async function getPrompt (prompts: Collection<Prompt>, call: Call): Promise<GetPromptResult | InputRequiredResult> {
  const { name, arguments: args = {} } = call.message.params
  if (typeof name !== 'string') throw invalidParams("prompts/get needs 'name', a string")
  if (!isWireObject(args) || !Object.values(args).every((value) => typeof value === 'string')) {
    throw invalidParams("'arguments' must be an object whose values are strings")
  }
  const prompt = prompts.get(name)
  if (prompt === undefined || (prompt.access !== undefined && !await isAdmitted(prompt, call))) {
    throw new RefusedError(ErrorCode.InvalidParams, `Unknown prompt: ${shorten(name)}`)
  }

  try {
    // A copy, because the questions of a handler are bound to the arguments that came.
    const returned = await call.run(prompt, { ...args })
    return toPromptResult(returned, prompt.config.description)
  } catch (error) {
    if (error instanceof InvalidArgumentsError) {
      throw new RefusedError(ErrorCode.InvalidParams, `Invalid arguments for prompt ${name}: ${error.message}`)
    }
    return await call.askBack(call.explain(error, `rendering prompt ${name}`))
  }
}

function toPromptResult (returned: unknown, description: string | undefined): GetPromptResult {
  if (isWireObject(returned) && Array.isArray(returned.messages) && returned.messages.every(isPromptMessage)) {
    return { ...returned, messages: returned.messages }
  }
  const messages = (Array.isArray(returned) ? returned : [returned]).map((item: unknown) => {
    if (typeof item === 'string') return { role: 'user' as const, content: textBlock(item) }
    const value = resolveToJson(item)
    if (isPromptMessage(value)) return value
    throw new TypeError("a prompt must return a string, a message { role, content }, an array of messages, or a result with 'messages'")
  })
  return { ...(description !== undefined && { description }), messages }
}

function isPromptMessage (value: unknown): value is PromptMessage {
  return isWireObject(value) && (value.role === 'user' || value.role === 'assistant') && isContentBlock(value.content)
}
