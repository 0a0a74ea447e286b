// Where a measured server listens.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The address of a server that listens on a port. */
export function addressOf (server: Server): AddressInfo {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return address
}
