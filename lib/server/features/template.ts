// A template for the URIs of resources, which can list them and complete its variables.
import type { Resource } from '@modelcontextprotocol/sdk/types.js'
import { matchUriTemplate, type Variables } from '../../protocol/uri-template-match.ts'
import { parseUriTemplate, type UriTemplate } from '../../protocol/uri-template.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../../errors.ts'
import type { Complete, Completer } from './completable.ts'
import type { RequestContext } from '../call/request-context.ts'
import { isUnsafeValue } from './unsafe-value.ts'

export type { Variables }

/** The return value of a template's `list`: the resources, as an array or as a result of `resources/list`. */
export type ListedResources = readonly Resource[] | { readonly resources: readonly Resource[] }

/** The options of a resource template. */
export interface ResourceTemplateOptions<Ctx = RequestContext> {
  /** Lists resources that match the template; `resources/list` includes them. @default none are listed */
  readonly list?: ((ctx: Ctx) => ListedResources | Promise<ListedResources>) | undefined
  /** Suggests values for variables, by the name of the variable. @default nothing is suggested */
  readonly complete?: { readonly [variable: string]: Complete<Ctx> } | undefined
  /**
   * Accepts values that would escape the directory to which a handler joins them (path traversal): values with a `..`
   * segment, values that begin with a slash, a backslash or a drive, and values with a NUL. @default false
   */
  readonly allowUnsafeValues?: boolean | undefined
}

/** The match of a URI: the decoded values, or the name of a variable whose value is a path traversal. */
export type TemplateMatch = { readonly variables: Variables } | { readonly unsafe: string }

const OPTIONS = ['list', 'complete', 'allowUnsafeValues']

/**
 * Represents all resources whose URIs match an RFC 6570 template. A URI has to match as a whole. A value that would
 * escape the directory to which a handler joins it (path traversal) is refused, however often it is percent-encoded.
 *
 * @throws MCP_ERR_INVALID_DEFINITION if the template is malformed, has a prefix modifier (`{name:3}`) or uses a
 * variable twice, or if an option is unknown, has the wrong type, or completes a variable that the template lacks.
 * @see https://www.rfc-editor.org/rfc/rfc6570
 * @example
 * const user = (typed: string) => ['ada', 'alan'].filter((name) => name.startsWith(typed))
 * new ResourceTemplate('notes://{user}/{id}', { complete: { user } })
 */
export class ResourceTemplate<Ctx = RequestContext> {
  /** The template as its author wrote it. */
  readonly uriTemplate: string
  /** The names of its variables, in order. */
  readonly variableNames: readonly string[]
  /** Lists resources that match the template. */
  readonly list: ((ctx: Ctx) => ListedResources | Promise<ListedResources>) | undefined
  /** @hidden The completers, by variable. */
  readonly completers: ReadonlyMap<string, Completer>
  readonly #template: UriTemplate
  readonly #allowUnsafeValues: boolean

  constructor (uriTemplate: string, options: ResourceTemplateOptions<Ctx> = {}) {
    const template = parse(uriTemplate)
    const problem = findOptionProblem(options, template.variableNames)
    if (problem !== undefined) throw new MCP_ERR_INVALID_DEFINITION(labelOf(uriTemplate), problem)

    this.uriTemplate = uriTemplate
    this.variableNames = template.variableNames
    this.list = options.list
    this.completers = new Map(Object.entries(options.complete ?? {}))
    this.#template = template
    this.#allowUnsafeValues = options.allowUnsafeValues ?? false
  }

  /**
   * Extracts the values of the variables from a URI. Returns `undefined` if the URI does not match, or has more than
   * 8,192 characters. Percent-encoding makes no difference. Variables that the URI omits (`{?page}`) have no value. The
   * object `variables` has no prototype.
   */
  match (uri: string): TemplateMatch | undefined {
    const variables = matchUriTemplate(this.#template, uri)
    if (variables === undefined || this.#allowUnsafeValues) return variables && { variables }

    const unsafe = this.variableNames.find((name) => isUnsafeValue(variables[name]))
    return unsafe === undefined ? { variables } : { unsafe }
  }
}

function parse (uriTemplate: unknown): UriTemplate {
  if (typeof uriTemplate !== 'string') throw new MCP_ERR_INVALID_DEFINITION('a resource template', 'must be a string')

  const template = parseUriTemplate(uriTemplate)
  if ('variableNames' in template) return template
  const problem = `is not a valid RFC 6570 URI template: ${template.problem}`
  throw new MCP_ERR_INVALID_DEFINITION(labelOf(uriTemplate), problem)
}

function labelOf (uriTemplate: string): string {
  return `resource template '${uriTemplate}'`
}

function findOptionProblem (
  options: ResourceTemplateOptions<never>, variableNames: readonly string[]
): string | undefined {
  const unknownOption = Object.keys(options).find((key) => !OPTIONS.includes(key))
  if (unknownOption !== undefined) {
    return `has an unknown option '${unknownOption}'; the options are: ${OPTIONS.join(', ')}`
  }

  const { list, complete, allowUnsafeValues } = options
  if (list !== undefined && typeof list !== 'function') return "has a 'list' that must be a function"
  if (allowUnsafeValues !== undefined && typeof allowUnsafeValues !== 'boolean') {
    return "has an 'allowUnsafeValues' that must be a boolean"
  }
  if (complete !== undefined && (typeof complete !== 'object' || complete === null)) {
    return "has a 'complete' that must be an object of functions"
  }

  for (const [name, completer] of Object.entries(complete ?? {})) {
    if (typeof completer !== 'function') return `has a 'complete.${name}' that must be a function`
    if (!variableNames.includes(name)) return `completes '${name}'; its variables are: ${variableNames.join(', ')}`
  }
  return undefined
}
