// Tools: their configuration, registration and listing.
import type { Icon, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import { MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA } from '../../errors.ts'
import { duration, kind, object, string, whole } from '../../options/checks.ts'
import type { TableOf } from '../../options/table.ts'
import { collectParamHeaders, type ParamHeader } from '../../protocol/param-headers.ts'
import type { Era } from '../../protocol/revisions.ts'
import { findToolNameProblem } from '../../protocol/tool-name.ts'
import type { InputRequired } from '../call/input-required.ts'
import type { RequestContext } from '../call/request-context.ts'
import { ACCESS, resolveAccess, type AccessConfig } from '../lists/access.ts'
import type { Entry, Handle } from '../lists/collection.ts'
import { checkNumbers } from '../schema/json-validator.ts'
import { toLegacyOutput } from '../schema/listed-schema.ts'
import { compileArguments } from '../schema/optional-defaults.ts'
import { PatternCheck } from '../schema/pattern-check.ts'
import type { InferInput } from '../schema/infer.ts'
import { compileSchema, type AnySchema, type CompiledSchema } from '../schema/schema.ts'
import { UncheckedSchema } from '../schema/unchecked-schema.ts'
import type { JsonSchema } from '../schema/validation.ts'
import { checkConfig, icons } from './config-check.ts'
import type { LiteralKeeper, ToolReturn } from './tool-result.ts'

/** The configuration of a tool. */
export interface ToolConfig<
  Input extends AnySchema | undefined = undefined, Output extends AnySchema | undefined = undefined, Lifespan = unknown
> extends AccessConfig<Lifespan> {
  /** The name that users see. */
  readonly title?: string
  /** What the tool does, for the model. */
  readonly description?: string
  /** The arguments: TypeBox, a Standard Schema or JSON Schema, of type object at its root. @default any object */
  readonly inputSchema?: Input
  /** The result's `structuredContent`: TypeBox, a Standard Schema or JSON Schema. Results are validated by it. */
  readonly outputSchema?: Output
  /** Hints about the tool's behaviour. */
  readonly annotations?: ToolAnnotations
  /** Icons that user interfaces may show, in several sizes. */
  readonly icons?: readonly Icon[]
  /**
   * Milliseconds after which a call ends with an error and `ctx.signal` is aborted; 0 waits for ever.
   * @default the server's `timeout`
   */
  readonly timeout?: number
  /**
   * How many bytes the body of a call may have, more or fewer than the `bodyLimit` of the mount. It applies to clients
   * of revision `2026-07-28` over HTTP, which name the tool in a header. If no tool has a limit when the server is
   * mounted, a tool that is added later must not have one.
   * @default the mount's `bodyLimit`
   */
  readonly bodyLimit?: number
  /** Metadata that clients receive unchanged. */
  readonly _meta?: { readonly [key: string]: unknown }
}

/** Runs a tool. */
export type ToolHandler<Input, Output, Lifespan> = (
  args: InferInput<Input>, ctx: RequestContext<Lifespan>
) => ToolReturn<Output> | InputRequired | LiteralKeeper | Promise<ToolReturn<Output> | InputRequired | LiteralKeeper>

/** The changes that `update` accepts for a tool. */
export type ToolChanges = ToolConfig<AnySchema, AnySchema> & {
  /** The new handler. */
  readonly handler?: AnyHandler
}

/** Changes a registered tool. */
export type ToolHandle = Handle<ToolChanges>

/** A tool as it appears in lists. */
export interface ListedTool
  extends Omit<ToolConfig, 'inputSchema' | 'outputSchema' | 'timeout' | 'bodyLimit' | keyof AccessConfig> {
  /** The name by which it is called. */
  readonly name: string
  /** The JSON Schema of its arguments. */
  readonly inputSchema: JsonSchema
  /** The JSON Schema of its structured content; absent if it has none. */
  readonly outputSchema?: JsonSchema
}

// TypeScript checks the argument and result types of a handler where it is registered. At run time, the schemas check
// the values.
type AnyHandler = (args: never, ctx: never) => unknown

/** A registered tool. */
export interface Tool extends Entry {
  readonly config: ToolConfig<AnySchema, AnySchema>
  readonly handler: AnyHandler
  /** Checks the arguments of a call. */
  readonly check: CompiledSchema['validate']
  /** Milliseconds that a call may take; undefined for the timeout of the server. */
  readonly timeout: number | undefined
  /** Bytes that the body of a call may have; undefined for the limit of the mount. */
  readonly bodyLimit: number | undefined
  readonly output: CompiledSchema | undefined
  readonly paramHeaders: readonly ParamHeader[]
  readonly listed: { readonly [era in Era]: ListedTool }
}

const ANY_OBJECT: JsonSchema = Object.freeze({ type: 'object', properties: Object.freeze({}) })

// The compiler checks the schema.
const schema = kind<AnySchema>(() => undefined)

const TOOL = {
  title: string(),
  description: string(),
  inputSchema: schema(),
  outputSchema: schema(),
  annotations: object<ToolAnnotations>(),
  icons: icons(),
  timeout: duration(),
  bodyLimit: whole(),
  _meta: object<{ readonly [key: string]: unknown }>(),
  ...ACCESS
} satisfies TableOf<ToolConfig<AnySchema, AnySchema, never>>

/** Checks and compiles a tool. @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_INVALID_SCHEMA */
export function createTool (
  name: string, config: ToolConfig<AnySchema, AnySchema>, handler: AnyHandler, patterns = new PatternCheck()
): Tool {
  const label = `tool '${name}'`
  const problem = findToolNameProblem(name)
  if (problem !== undefined) throw new MCP_ERR_INVALID_DEFINITION(label, problem)
  checkConfig(label, config, TOOL)
  if (typeof handler !== 'function') throw new MCP_ERR_INVALID_DEFINITION(label, 'needs a handler: a function')

  const { inputSchema, outputSchema } = config
  const [inputPlace, outputPlace] = [`inputSchema of ${label}`, `outputSchema of ${label}`]
  const input = compileUnless(inputSchema, (schema) => compileArguments(schema, inputPlace, patterns.createRegExp))
  const output = compileUnless(
    outputSchema, (schema) => compileSchema(schema, 'output', outputPlace, patterns.createRegExp))
  if (input !== undefined && input.json.type !== 'object') {
    throw new MCP_ERR_INVALID_SCHEMA(inputPlace, "must describe an object: its root needs type 'object'")
  }
  const found = collectParamHeaders(input?.json ?? ANY_OBJECT)
  if ('problem' in found) throw new MCP_ERR_INVALID_SCHEMA(inputPlace, `is invalid: ${found.problem}`)

  const listed = listTool(name, config, input?.json ?? ANY_OBJECT, output?.json)
  return {
    key: name,
    label,
    enabled: true,
    warnings: [
      ...patterns.listWarnings(inputSchema, checkedOf(input)?.json, inputPlace),
      ...patterns.listWarnings(outputSchema, checkedOf(output)?.json, outputPlace)
    ],
    access: resolveAccess(config),
    config,
    handler,
    check: input?.validate ?? checkNumbers,
    timeout: config.timeout,
    bodyLimit: config.bodyLimit,
    output: output instanceof UncheckedSchema ? undefined : output,
    paramHeaders: found.headers,
    listed: { modern: listed, legacy: fitListedTool(listed) }
  }
}

function compileUnless<Compiled> (
  schema: unknown, compile: (schema: unknown) => Compiled
): Compiled | UncheckedSchema | undefined {
  return schema === undefined || schema instanceof UncheckedSchema ? schema : compile(schema)
}

// The patterns of a schema that is only shown are not run here.
function checkedOf<Compiled extends object> (compiled: Compiled | undefined): Compiled | undefined {
  return compiled instanceof UncheckedSchema ? undefined : compiled
}

/** Returns a changed copy of a tool. @throws as {@link createTool} */
export function updateTool (
  tool: Tool, { handler = tool.handler, ...changes }: ToolChanges, patterns?: PatternCheck
): Tool {
  return createTool(tool.key, { ...tool.config, ...changes }, handler, patterns)
}

function listTool (
  name: string, config: ToolConfig<AnySchema, AnySchema>, inputSchema: JsonSchema, outputSchema: JsonSchema | undefined
): ListedTool {
  const { title, description, annotations, icons, _meta } = config
  return {
    name,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    inputSchema,
    ...(outputSchema !== undefined && { outputSchema }),
    ...(annotations !== undefined && { annotations }),
    ...(icons !== undefined && { icons }),
    ...(_meta !== undefined && { _meta })
  }
}

// Clients of legacy revisions reject the whole list if the type of one outputSchema is not object.
function fitListedTool (listed: ListedTool): ListedTool {
  const { outputSchema, ...rest } = listed
  if (outputSchema === undefined) return listed
  return outputSchema.type === 'object' ? { ...listed, outputSchema: toLegacyOutput(outputSchema) } : rest
}
