// A template for the addresses of resources, with what lists them and what completes its variables.
import type { Resource } from '@modelcontextprotocol/sdk/types.js'
import { matchUriTemplate, type Variables } from '../../protocol/uri-template-match.ts'
import { parseUriTemplate, type UriTemplate } from '../../protocol/uri-template.ts'
import { MCP_ERR_INVALID_DEFINITION } from '../../errors.ts'
import type { Complete, Completer } from './completable.ts'
import type { RequestContext } from '../call/request-context.ts'
import { isUnsafeValue } from './unsafe-value.ts'

export type { Variables }

/** What a template's `list` returns: the resources, bare or as the result of `resources/list`. */
export type ListedResources = readonly Resource[] | { readonly resources: readonly Resource[] }

/** How a template is listed, completed and matched. */
export interface ResourceTemplateOptions<Ctx = RequestContext> {
  /** Lists the resources that the template stands for, among those of `resources/list`. @default none are listed */
  readonly list?: ((ctx: Ctx) => ListedResources | Promise<ListedResources>) | undefined
  /** Suggests values of variables, by the name of the variable. @default nothing is suggested */
  readonly complete?: { readonly [variable: string]: Complete<Ctx> } | undefined
  /**
   * Lets values through that would climb out of a directory they are joined to: those with a `..` segment, those that
   * begin with a slash, a backslash or a drive, and those with a NUL. @default false
   */
  readonly allowUnsafeValues?: boolean | undefined
}

/** What a URI says to a template: the decoded values, or the name of a variable whose value climbs out. */
export type TemplateMatch = { readonly variables: Variables } | { readonly unsafe: string }

const OPTIONS = ['list', 'complete', 'allowUnsafeValues']

/**
 * Stands for all resources whose URIs follow an RFC 6570 template. A URI has to match as a whole, and a value is
 * refused that would climb out of the directory it is joined to, however often it is percent-encoded.
 *
 * @throws MCP_ERR_INVALID_DEFINITION when the template is malformed, has a prefix modifier (`{name:3}`) or one variable
 * twice, or when an option is unknown, of a wrong type, or completes a variable that the template does not have.
 * @see https://www.rfc-editor.org/rfc/rfc6570
 * @example
 * const user = (typed: string) => ['ada', 'alan'].filter((name) => name.startsWith(typed))
 * new ResourceTemplate('notes://{user}/{id}', { complete: { user } })
 */
export class ResourceTemplate<Ctx = RequestContext> {
  /** The template as it was given. */
  readonly uriTemplate: string
  /** The names of its variables, in their order. */
  readonly variableNames: readonly string[]
  /** Lists the resources that the template stands for. */
  readonly list: ((ctx: Ctx) => ListedResources | Promise<ListedResources>) | undefined
  /** @hidden What suggests values, by variable. */
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
   * Reads the values out of a URI; `undefined` when it is none of this template's, or has more than 8,192 characters.
   * However it is percent-encoded, it is the same URI. Variables that the URI leaves out (`{?page}`) are not among the
   * values. `variables` has no prototype.
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
  if (list !== undefined && typeof list !== 'function') return "has a 'list' that is no function"
  if (allowUnsafeValues !== undefined && typeof allowUnsafeValues !== 'boolean') {
    return "has an 'allowUnsafeValues' that is no boolean"
  }
  if (complete !== undefined && (typeof complete !== 'object' || complete === null)) {
    return "has a 'complete' that is no object of functions"
  }

  for (const [name, completer] of Object.entries(complete ?? {})) {
    if (typeof completer !== 'function') return `has a 'complete.${name}' that is no function`
    if (!variableNames.includes(name)) return `completes '${name}'; its variables are: ${variableNames.join(', ')}`
  }
  return undefined
}
