// Fetches a document from a URL that a client chose, and from nowhere inside the network of this server.
import { lookup, type LookupAddress } from 'node:dns'
import { request } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Limits of a fetch. */
export interface FetchLimits {
  /** Milliseconds until the whole document must have arrived. */
  readonly timeout: number
  /** The most bytes that the document may have. */
  readonly maxBytes: number
}

// RFC 6890 and the registries of IANA: addresses that are not global unicast.
const SPECIAL_V4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12',
  '192.0.0.0/24', '192.0.2.0/24', '192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.168.0.0/16',
  '192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4']
// Of IPv6 only 2000::/3 is global unicast; in it, these embed addresses of IPv4 or are special.
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const special = new BlockList()
const global = new BlockList()
for (const range of SPECIAL_V4) addRange(special, range, 'ipv4')
for (const range of SPECIAL_V6) addRange(special, range, 'ipv6')
addRange(global, '2000::/3', 'ipv6')

function addRange (list: BlockList, range: string, family: 'ipv4' | 'ipv6'): void {
  const [address = '', bits] = range.split('/')
  list.addSubnet(address, Number(bits), family)
}

/** Whether an address is one of the public internet. */
export function isPublicAddress (address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  return family === 6 && global.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/**
 * Looks a name up, and fails if an address is not public. The socket connects to the addresses that were checked, so a
 * name cannot resolve to another one in between.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '', 4)
    const [first] = addresses
    if (first === undefined || !addresses.every(({ address }: LookupAddress) => isPublicAddress(address))) {
      return callback(new Error(`${hostname} has no address, or one that is not public`), '', 4)
    }
    if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}

/**
 * Fetches a document over https from a public address. Redirects are not followed.
 * @throws Error if the host is not public, or the document is too large or too slow.
 */
export async function guardedFetch (url: string, limits: FetchLimits): Promise<Response> {
  const { protocol, hostname } = new URL(url)
  const literal = hostname.replace(/^\[|\]$/g, '')
  if (protocol !== 'https:') throw new Error('the URL must use https')
  // No name is looked up for an address.
  if (isIP(literal) !== 0 && !isPublicAddress(literal)) throw new Error('the address is not public')
  return await fetchDocument(url, limits, { lookup: lookupPublic })
}

/** How a connection is made. */
export interface Connecting {
  readonly lookup: LookupFunction
  /** The certificate of an authority to trust. @default those that Node.js trusts */
  readonly ca?: string
}

/** Fetches a document over https. @throws Error if its status is not 200, or it is too large or too slow. */
export function fetchDocument (
  url: string, { timeout, maxBytes }: FetchLimits, connecting: Connecting
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout)
    const headers = { accept: 'application/json', 'user-agent': 'fastify-mcp-mount' }
    const sent = request(url, { ...connecting, signal, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('error', reject)
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        chunks.push(chunk)
        if (size > maxBytes) response.destroy(new Error(`the document has more than ${maxBytes} bytes`))
      })
      response.on('end', () => {
        const { statusCode: status } = response
        const { 'cache-control': cacheControl } = response.headers
        const kept = cacheControl === undefined ? {} : { 'cache-control': cacheControl }
        if (status !== 200) reject(new Error(`the document was answered with status ${status}`))
        else resolve(new Response(Buffer.concat(chunks), { status, headers: kept }))
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
