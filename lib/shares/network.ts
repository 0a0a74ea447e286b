// Addresses of callers: the part that identifies one customer of a provider.
import { isIPv6 } from 'node:net'

/**
 * Returns the part of an address that identifies one customer of a provider: the whole IPv4 address, even if it is
 * mapped to IPv6, or the first 64 bits of an IPv6 address, because a customer chooses the other half freely (RFC 4291
 * 2.5.4).
 */
export function networkOf (address: string): string {
  // Some proxies forward the address with its port, which differs for each connection.
  const v4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/i.exec(address)?.[1]
  if (v4 !== undefined) return v4
  const [bare = ''] = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').split('%')
  if (!isIPv6(bare)) return address
  const [head = '', tail] = bare.split('::')
  const left = head === '' ? [] : head.split(':')
  // An IPv4 address at the end stands for two groups. Except in '::1.2.3.4', they are not among the first four groups.
  const right = tail === undefined || tail === '' ? [] : tail.replace(/[^:]+\.[^:]+$/, '0:0').split(':')
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`
}
