// What a mount is called where tokens are issued for it: one value, from which its metadata's address follows.
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'

/** Where metadata of protected resources is found (RFC 9728 3). */
export const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** The values of a path's parameters. */
export type PathParams = Readonly<Record<string, string | undefined>>

/** A mount as a protected resource. */
export interface Resource {
  /** The resource's identifier: the URL that clients use, without a slash at its end. */
  readonly id: string
  /** Where its metadata is. */
  readonly metadataUrl: string
}

/** The resources that one mount stands for: one, or one for each set of parameters that its path has. */
export interface Resources {
  /** The path of the metadata's route, from the root of the origin. */
  readonly metadataPath: string
  /** Whether there are several. */
  readonly isMany: boolean
  find (params: PathParams): Resource
}

// Of Fastify's routes those that can be written as a URL again.
const PLAIN_PATH = /^(?:\/(?::\w+|[^/:*]*))*$/

/**
 * Builds what a mount is called, from its options and from nothing that a client sends.
 * @throws MCP_ERR_INVALID_OPTION for a path whose parameters are more than whole segments.
 */
export function createResources (publicUrl: URL, path: string): Resources {
  if (!PLAIN_PATH.test(path)) throw new MCP_ERR_INVALID_OPTION('auth', `needs a path of plain segments and ':name' parameters, not '${path}'`)
  const { origin, pathname } = publicUrl
  const publicPath = `${pathname}/${path}`.replace(/\/{2,}/g, '/').replace(/\/$/, '')
  const build = (filled: string): Resource => Object.freeze({ id: origin + filled, metadataUrl: origin + WELL_KNOWN + filled })

  const isMany = path.includes('/:')
  const only = build(publicPath)
  return {
    metadataPath: WELL_KNOWN + publicPath,
    isMany,
    find: isMany ? (params) => build(fill(publicPath, params)) : () => only
  }
}

/** Whether one of a token's audiences names one of the accepted ones. */
export function coversResource (audience: unknown, accepted: readonly string[]): boolean {
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  return audiences.some((one) => typeof one === 'string' && accepted.some((other) => isSame(one, other)))
}

// RFC 7519 2: audiences are compared as they are written. A URL parser must not see them: it removes dot segments, tabs and
// more, so that a URL of one resource would become that of another.
function isSame (a: string, b: string): boolean {
  return a === b || fold(a) === fold(b)
}

// A host with a user before it, or with any other character, is left as it is.
const URL_PARTS = /^([a-z][a-z\d+.-]*:\/\/[\w.:[\]-]*)(?![^/?#])(.*)$/is
const SLASH_AT_END = /^([^?#]*)\/$/s

// MCP 2026-07-28 authorization, Canonical Server URI: neither the case of scheme and host nor one slash at the end tells two
// resources apart.
function fold (text: string): string {
  const [, base, rest = ''] = URL_PARTS.exec(text) ?? []
  return base === undefined ? text : base.toLowerCase() + rest.replace(SLASH_AT_END, '$1')
}

function fill (path: string, params: PathParams): string {
  return path.replace(/\/:(\w+)/g, (_whole, name: string) => `/${encodeURIComponent(String(params[name]))}`)
}
