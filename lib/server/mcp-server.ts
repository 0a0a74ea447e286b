// The server definition to which authors add their tools, resources and prompts.
import type { FastifyInstance } from 'fastify'
import type { Implementation, ReadResourceResult } from '@modelcontextprotocol/sdk/types.js'
import type { ChangeEvent } from '../protocol/change.ts'
import { withoutRefusal, ToolError } from '../errors.ts'
import { Method } from '../protocol/methods.ts'
import { Call, type CallServer } from './call/call.ts'
import { Deadlines } from './call/deadlines.ts'
import type { BodyLimitOf, Entered, ServerDefinition } from './definition.ts'
import type { Incoming, Outcome } from './call/incoming.ts'
import { findMethod } from './dispatch.ts'
import { createFormCompiler } from './schema/form.ts'
import type { Hooks } from './hooks.ts'
import { Layers } from './layers.ts'
import { runThrough, type Middleware } from './middleware.ts'
import { PatternCheck } from './schema/pattern-check.ts'
import { admit, findTool } from './admission.ts'
import { BodyLimits } from './body-limits.ts'
import { summarize, type Contents } from './contents.ts'
import { createParts, type ServerParts } from './parts.ts'
import {
  createPrompt, updatePrompt, type Prompt, type PromptChanges, type PromptConfig, type PromptHandle, type PromptHandler
} from './features/prompt.ts'
import type { RequestContext } from './call/request-context.ts'
import { outcomeOfResult } from './call/request-outcome.ts'
import { StateSealer } from './call/request-state.ts'
import type { ResourceTemplate } from './features/template.ts'
import { readContents } from './features/read-resource.ts'
import {
  createResource, createTemplate, updateResource, updateTemplate,
  type ResourceConfig, type ResourceHandle, type ResourceHandler, type TemplateHandle, type TemplateHandler
} from './features/resource.ts'
import type { AnySchema } from './schema/schema.ts'
import { resolveServerOptions, type McpServerOptions, type ResolvedServerOptions } from './options.ts'
import { errorResult } from './features/tool-result.ts'
import {
  createTool, updateTool, type Tool, type ToolChanges, type ToolConfig, type ToolHandle, type ToolHandler
} from './features/tool.ts'

/**
 * What a server offers: tools, resources and prompts. It holds nothing of any caller, so that one object serves any
 * number of mounts, sessions and requests.
 *
 * @example
 * const notes = new McpServer({ name: 'Notes', version: '1.0.0' })
 * const inputSchema = Type.Object({ text: Type.String() })
 * notes.registerTool('add_note', { inputSchema }, async ({ text }) => `Saved: ${text}`)
 */
export class McpServer<Lifespan = undefined> implements ServerDefinition {
  /** The name and version of the server, and whatever else clients may show of it. */
  readonly info: Implementation
  /** @hidden Whether another process with the same `requestState.keys` can open what this one seals. */
  readonly sharesState: boolean
  readonly #options: ResolvedServerOptions
  readonly #parts: ServerParts
  readonly #patterns: PatternCheck
  readonly #bodyLimits = new BodyLimits()
  readonly #callServer: CallServer
  readonly #given: McpServerOptions<Lifespan>
  #layers = new Layers()

  /** @throws MCP_ERR_INVALID_DEFINITION when the name, the version or an option is wrong. */
  constructor (info: Implementation, options: McpServerOptions<Lifespan> = {}) {
    const resolved = resolveServerOptions(info, options)
    this.info = Object.freeze({ ...info })
    this.sharesState = resolved.requestState.keys !== undefined
    this.#options = resolved
    this.#given = options
    this.#parts = createParts(this.info, resolved, (tool) => this.#layers.describe(tool))
    this.#parts.changes.listen((event) => this.#layers.changed(event))
    this.#useLayers(this.#layers)
    this.#patterns = new PatternCheck(resolved.regExp)
    this.#callServer = Object.freeze({
      deadlines: new Deadlines(),
      sealer: new StateSealer(info.name, resolved.requestState),
      compileForm: createFormCompiler(resolved.regExp),
      questionTimeout: resolved.questionTimeout,
      timeout: resolved.timeout,
      exposeErrors: resolved.exposeErrors,
      readResource: (uri: string, call: Call) => this.#readForHandler(uri, call),
      findTool: (name: unknown, { caller: { era } }: Call) => findTool(this.#parts, name)?.listed[era],
      admit: (call: Call) => admit(this.#parts, call),
      resourceUpdated: (uri: string) => this.#parts.changes.emit({ kind: 'resource', uri })
    })
  }

  /**
   * Registers a tool.
   *
   * @param name 1 to 128 of A-Z, a-z, 0-9, `_`, `-` and `.`.
   * @param handler Gets the checked arguments and the request; returns a string, a content block, an array of them, a
   * whole result or, with an `outputSchema`, the bare value.
   * @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_DUPLICATE_DEFINITION, MCP_ERR_INVALID_SCHEMA
   * @see https://modelcontextprotocol.io/specification/2026-07-28/server/tools
   */
  // NoInfer: TypeScript takes the type from the schema alone, and not from what the handler returns.
  registerTool<
    const Input extends AnySchema | undefined = undefined, const Output extends AnySchema | undefined = undefined
  > (
    name: string, config: ToolConfig<Input, Output, Lifespan>, handler: ToolHandler<Input, NoInfer<Output>, Lifespan>
  ): ToolHandle {
    // The signature checks the types of arguments and results. After that, the schemas check them.
    const tool = createTool(name, config as ToolConfig<AnySchema, AnySchema>, handler, this.#patterns)
    const update = (current: Tool, changes: ToolChanges): Tool =>
      this.#bodyLimits.note(updateTool(current, changes, this.#patterns))
    return this.#parts.tools.add(this.#bodyLimits.note(tool), update)
  }

  /**
   * Registers a template that stands for many resources.
   *
   * @param handler Gets the URI, the template's variables and the request; returns text, bytes, contents or a whole
   * result.
   * @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_DUPLICATE_DEFINITION
   * @see https://modelcontextprotocol.io/specification/2026-07-28/server/resources
   */
  // This overload is first, because TypeScript types the functions inside a template by the first overload alone.
  registerResource (
    name: string,
    template: ResourceTemplate<RequestContext<Lifespan>>,
    config: ResourceConfig<Lifespan>,
    handler: TemplateHandler<Lifespan>
  ): TemplateHandle
  /**
   * Registers a resource.
   *
   * @param uri An absolute URI.
   * @param handler Gets the URI and the request; returns text, bytes, contents or a whole result.
   * @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_DUPLICATE_DEFINITION
   * @see https://modelcontextprotocol.io/specification/2026-07-28/server/resources
   */
  registerResource (
    name: string, uri: string, config: ResourceConfig<Lifespan>, handler: ResourceHandler<Lifespan>
  ): ResourceHandle
  registerResource (
    name: string,
    uri: string | ResourceTemplate<RequestContext<Lifespan>>,
    config: ResourceConfig<Lifespan>,
    handler: ResourceHandler<Lifespan> | TemplateHandler<Lifespan>
  ): ResourceHandle | TemplateHandle {
    const { statics, templates } = this.#parts.resources
    // The overloads pair a URI with the one kind of handler and a template with the other.
    if (typeof uri === 'string') {
      return statics.add(createResource(name, uri, config, handler as ResourceHandler<never>), updateResource)
    }
    const template = createTemplate(name, uri as ResourceTemplate, config, handler as TemplateHandler<never>)
    return templates.add(template, updateTemplate)
  }

  /**
   * Registers a prompt.
   *
   * @param handler Gets the checked arguments and the request; returns the text of a user message, a message, an array
   * of messages, or a whole result.
   * @throws MCP_ERR_INVALID_DEFINITION, MCP_ERR_DUPLICATE_DEFINITION, MCP_ERR_INVALID_SCHEMA
   * @see https://modelcontextprotocol.io/specification/2026-07-28/server/prompts
   */
  registerPrompt<const Args extends AnySchema | undefined = undefined> (
    name: string, config: PromptConfig<Args, Lifespan>, handler: PromptHandler<Args, Lifespan>
  ): PromptHandle {
    // The signature checks the type of the arguments. After that, the schema checks them.
    const prompt = createPrompt(name, config as PromptConfig<AnySchema>, handler, this.#patterns)
    const update = (current: Prompt, changes: PromptChanges): Prompt => updatePrompt(current, changes, this.#patterns)
    return this.#parts.prompts.add(prompt, update)
  }

  /**
   * Adds a middleware around every request, or hooks around the requests of some methods, inside the earlier ones.
   * Methods without any pay nothing.
   *
   * @throws MCP_ERR_INVALID_DEFINITION
   * @example server.use(async (ctx, next) => next()).use({ callTool: (ctx, next) => next() })
   */
  use (middleware: Middleware<Lifespan> | Hooks<Lifespan>): this {
    // The contexts that they get are those of this server.
    this.#layers.add(middleware as Middleware<never> | Hooks<never>)
    return this
  }

  /**
   * @internal Creates an empty server with the identity, the options and the middlewares of this one, those to come
   * included, but without its lifespan and instructions.
   */
  createSibling (): McpServer {
    const { lifespan, instructions, ...options } = this.#given
    // Only the lifespan depends on the type of its value.
    const sibling = new McpServer(this.info, options as McpServerOptions<undefined>)
    sibling.#useLayers(this.#layers)
    return sibling
  }

  #useLayers (layers: Layers): void {
    this.#layers = layers
    layers.onDescriber(() => this.#parts.lists.tools.drop())
  }

  /** @internal Whether a tool is registered, and enabled. */
  hasTool (name: unknown): boolean {
    return findTool(this.#parts, name) !== undefined
  }

  /** @hidden Enters the lifespan for one mount; called by mounts. */
  async enter (app: FastifyInstance): Promise<Entered<unknown>> {
    return await this.#options.lifespan?.(app) ?? { value: undefined }
  }

  /** @hidden Adds a listener for changes of the server; called by mounts. Returns a function that removes it. */
  onChange (listener: (event: ChangeEvent) => void): () => void {
    return this.#parts.changes.listen(listener)
  }

  /** @internal Returns the limits that tools set for the bodies of their calls; called by mounts. */
  limitBodies (): BodyLimitOf | undefined {
    return this.#bodyLimits.of(this.#parts.tools.byKey)
  }

  /** @internal Returns what is registered; called by mounts that are nodes of a cluster. */
  contents (): Contents {
    return summarize(this.#parts, this.#callServer.sealer.fingerprints)
  }

  /** @internal Takes a change that the app or another node reports; called by mounts. */
  changed (event: ChangeEvent): void {
    this.#layers.changed(event)
  }

  /** @internal Calls the listener with warnings for the author; called by mounts. */
  onWarning (listener: (warning: string) => void): () => void {
    const { tools, prompts, warnings } = this.#parts
    for (const warning of [...tools.warnings, ...prompts.warnings]) listener(warning)
    return warnings.listen(listener)
  }

  /** @hidden Serves one request; called by mounts. */
  async serve (incoming: Incoming): Promise<Outcome> {
    const { message: { method }, caller } = incoming
    const call = new Call(incoming, this.#callServer)
    try {
      const { serve } = findMethod(this.#parts, method, caller.era)
      const layers = this.#layers.byMethod.get(method) ?? this.#layers.around
      const result = await (layers.length === 0
        ? serve(this.#parts, call)
        : runThrough(layers, call, () => serve(this.#parts, call)))
      if (incoming.report !== undefined) incoming.report(outcomeOfResult(result, call.failure), call.failure)
      return this.#parts.finisher.resolve(result, incoming)
    } catch (error) {
      // Only a middleware can have thrown it here.
      if (error instanceof ToolError && method === Method.ToolsCall) {
        incoming.report?.('tool_error', error)
        return this.#parts.finisher.resolve(errorResult(String(error.message)), incoming)
      }
      throw call.hide(error, `answering ${method}`)
    } finally {
      call.end()
    }
  }

  async #readForHandler (uri: string, call: Call): Promise<ReadResourceResult> {
    try {
      return (await readContents(this.#parts.resources, uri, call)).result
    } catch (error) {
      throw withoutRefusal(error)
    }
  }
}
