// The URL that an app listens at.
import type { AddressInfo } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'

/** Finds the URL that an app listens at. Returns undefined if it does not listen, or listens on a socket file. */
export function findServerUrl ({ server }: FastifyInstance): string | undefined {
  const address = server.address()
  if (address === null || typeof address === 'string') return undefined
  const protocol = server instanceof TlsServer ? 'https' : 'http'
  return `${protocol}://${hostOf(address)}:${address.port}`
}

// A server on the unspecified address listens on all addresses, but clients cannot connect to that one.
function hostOf ({ address, family }: AddressInfo): string {
  if (address === '0.0.0.0' || address === '::') return 'localhost'
  return family === 'IPv6' ? `[${address}]` : address
}
