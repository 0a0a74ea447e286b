// The identifier of a mount as a protected resource, for which tokens are issued, and the URL of its metadata.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'

/** The well-known path of protected resource metadata (RFC 9728 3). */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** The values of a path's parameters. */
export type PathParams = Readonly<Record<string, string | undefined>>

/** A mount as a protected resource. */
export interface Resource {
  /** The identifier: the URL that clients use, without a slash at its end. */
  readonly id: string
  /** The URL of the metadata. */
  readonly metadataUrl: string
}

/** The resources of one mount: a single one, or one for each set of values of the parameters in its path. */
export interface Resources {
  /** The path of the metadata's route, from the root of the origin. */
  readonly metadataPath: string
  /** The public URL of the app's root, without a slash at its end. */
  readonly baseUrl: string
  /** Whether the path has parameters, so that there are several resources. */
  readonly isMany: boolean
  find (params: PathParams): Resource
}

// The routes of Fastify from whose parameters the URL can be built again.
const PLAIN_PATH = /^(?:\/(?::\w+|[^/:*]*))*$/

/**
 * Creates the resources of a mount from its options. The identifiers depend on nothing that a client sends,
 * except for path parameters.
 * @throws MCP_ERR_INVALID_OPTION for a path with a parameter that is not a whole segment.
 */
export function createResources (publicUrl: URL, path: string): Resources {
  if (!PLAIN_PATH.test(path)) {
    throw new MCP_ERR_INVALID_OPTION('auth', `needs a path of plain segments and ':name' parameters, not '${path}'`)
  }
  const { origin, pathname } = publicUrl
  const publicPath = `${pathname}/${path}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
  const build = (filled: string): Resource =>
    Object.freeze({ id: origin + filled, metadataUrl: origin + WELL_KNOWN + filled })

  const isMany = path.includes('/:')
  const only = build(publicPath)
  return {
    metadataPath: WELL_KNOWN + publicPath,
    baseUrl: origin + pathname.replace(/\/$/, ''),
    isMany,
    find: isMany ? (params) => build(fill(publicPath, params)) : () => only
  }
}

/** Whether one of a token's audiences is an accepted one. */
export function coversResource (audience: unknown, accepted: readonly string[]): boolean {
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  return audiences.some((one) => typeof one === 'string' && accepted.some((other) => isSame(one, other)))
}

// RFC 7519 2: audiences are compared as written, without a URL parser. A parser removes dot segments and tabs, among
// others, and would turn the URL of one resource into that of another.
function isSame (a: string, b: string): boolean {
  return a === b || fold(a) === fold(b)
}

// A text with user information before the host, or with an unusual character in it, does not match and is not folded.
const URL_PARTS = /^([a-z][a-z\d+.-]*:\/\/[\w.:[\]-]*)(?![^/?#])(.*)$/is
const SLASH_AT_END = /^([^?#]*)\/$/s

// MCP 2026-07-28 authorization, Canonical Server URI: resources do not differ in the case of scheme and host alone, nor
// in one slash at the end.
function fold (text: string): string {
  const [, base, rest = ''] = URL_PARTS.exec(text) ?? []
  return base === undefined ? text : base.toLowerCase() + rest.replace(SLASH_AT_END, '$1')
}

function fill (path: string, params: PathParams): string {
  return path.replace(/\/:(\w+)/g, (_whole, name: string) => `/${encodeURIComponent(String(params[name]))}`)
}
