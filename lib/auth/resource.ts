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

/** Whether a token's audience has the resource among those that it is for. */
export function coversResource (audience: unknown, accepted: readonly string[]): boolean {
  const audiences: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  return audiences.some((one) => typeof one === 'string' && accepted.some((other) => isSame(one, other)))
}

// A slash at the end tells no two resources apart (MCP 2026-07-28 authorization, Canonical Server URI), and neither does
// the case of scheme and host.
function isSame (a: string, b: string): boolean {
  return a === b || canonical(a) === canonical(b)
}

function canonical (text: string): string {
  return (URL.canParse(text) ? new URL(text).href : text).replace(/\/$/, '')
}

function fill (path: string, params: PathParams): string {
  return path.replace(/\/:(\w+)/g, (_whole, name: string) => `/${encodeURIComponent(String(params[name]))}`)
}
