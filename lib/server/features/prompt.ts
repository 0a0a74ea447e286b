// Prompts: their configuration, registration and listing.
import type { GetPromptResult, Icon, PromptArgument, PromptMessage } from '@modelcontextprotocol/sdk/types.js'
import { MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA } from '../../errors.ts'
import { kind, object, string } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { isWireObject, type WireObject } from '../../protocol/message.ts'
import type { InputRequired } from '../call/input-required.ts'
import type { RequestContext } from '../call/request-context.ts'
import { ACCESS, resolveAccess, type AccessConfig } from '../lists/access.ts'
import type { Entry, Handle } from '../lists/collection.ts'
import type { InferInput } from '../schema/infer.ts'
import { compileArguments } from '../schema/optional-defaults.ts'
import { PatternCheck } from '../schema/pattern-check.ts'
import type { AnySchema, CompiledSchema } from '../schema/schema.ts'
import { findCompleters, type Completer } from './completable.ts'
import { checkConfig, icons } from './config-check.ts'

/** The configuration of a prompt. */
export interface PromptConfig<
  Args extends AnySchema | undefined = undefined, Lifespan = unknown
> extends AccessConfig<Lifespan> {
  /** The name that users see. */
  readonly title?: string
  /** The purpose of the prompt. */
  readonly description?: string
  /** The arguments, all of them strings on the wire; wrap one in `completable` to suggest its values. */
  readonly argsSchema?: Args
  /** Icons that user interfaces may show, in several sizes. */
  readonly icons?: readonly Icon[]
  /** Metadata that clients receive unchanged. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/**
 * The return value of a prompt's handler: the text of one user message, a message, an array of messages, or a whole
 * result.
 */
export type PromptReturn = string | PromptMessage | readonly PromptMessage[] | GetPromptResult

/** Renders a prompt. */
export type PromptHandler<Args, Lifespan> = (
  args: InferInput<Args>, ctx: RequestContext<Lifespan>
) => PromptReturn | InputRequired | Promise<PromptReturn | InputRequired>

/** The changes that `update` accepts for a prompt. */
export type PromptChanges = PromptConfig<AnySchema> & {
  /** The new handler. */
  readonly handler?: AnyHandler
}

/** Changes a registered prompt. */
export type PromptHandle = Handle<PromptChanges>

// TypeScript checks the argument types of a handler where it is registered. At run time, the schema checks the values.
type AnyHandler = (args: never, ctx: never) => unknown

/** A prompt as it appears in lists. */
interface ListedPrompt extends Omit<PromptConfig, 'argsSchema' | keyof AccessConfig> {
  readonly name: string
  readonly arguments?: readonly PromptArgument[]
}

/** A registered prompt. */
export interface Prompt extends Entry {
  readonly config: PromptConfig<AnySchema>
  readonly handler: AnyHandler
  readonly check: CompiledSchema['validate'] | undefined
  readonly completers: ReadonlyMap<string, Completer>
  readonly listed: ListedPrompt
}

const NO_PROPERTIES: WireObject = Object.freeze({})

const PROMPT = {
  title: string(),
  description: string(),
  // The compiler checks the schema.
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
  if (typeof name !== 'string' || name === '') {
    throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a name: a string that is not empty')
  }
  checkConfig(label, config, PROMPT)
  if (typeof handler !== 'function') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a handler: a function')

  const { argsSchema, title, description, icons, _meta } = config
  const where = `argsSchema of ${label}`
  const args = argsSchema === undefined ? undefined : compileArguments(argsSchema, where, patterns.createRegExp)
  if (args !== undefined && args.json.type !== 'object') {
    throw new MCP_ERR_INVALID_SCHEMA(where, "must describe an object: its root needs type 'object'")
  }

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

/** Returns a changed copy of a prompt. @throws as {@link createPrompt} */
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
