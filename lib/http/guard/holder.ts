// Whom the places count for that a request takes.
import { isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { ResolvedShares } from '../../shares/share-options.ts'
import { authOf } from './auth-hook.ts'

/** Builds what tells whom the places count for that a request takes; it returns undefined where nobody is counted. */
export function createHolderOf ({ by }: Pick<ResolvedShares, 'by'>): (request: FastifyRequest) => string | undefined {
  switch (by) {
    case 'principal': return (request) => authOf(request)?.holder
    case 'address': return ({ ip }) => networkOf(ip)
    default: return () => undefined
  }
}

/**
 * Returns the part of an address that stands for one customer of a provider: all of an IPv4 address, also of one that
 * is mapped to IPv6, and the first 64 bits of an IPv6 address, whose other half a customer chooses freely (RFC 4291
 * 2.5.4).
 */
export function networkOf (address: string): string {
  // Some proxies add the port to what they forward, which is another one for each connection.
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4
  const [bare = ''] = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').split('%')
  if (!isIPv6(bare)) return address
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  // An IPv4 address at the end stands for two groups, which are beyond the first four in any case but '::1.2.3.4'.
  const right = tail === undefined || tail === '' ? [] : tail.replace(/[^:]+\.[^:]+$/, '0:0').split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`
}
