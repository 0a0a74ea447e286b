// Finds the holder of a request: the caller or network whose share its places count against.
import type { FastifyRequest } from 'fastify'
import { networkOf } from '../../shares/network.ts'
import type { ResolvedShares } from '../../shares/share-options.ts'
import { authOf } from './auth-hook.ts'

/** Creates the function that returns the holder of a request. It returns undefined if the mount has no shares. */
export function createHolderOf ({ by }: Pick<ResolvedShares, 'by'>): (request: FastifyRequest) => string | undefined {
  switch (by) {
    case 'principal': return (request) => authOf(request)?.holder
    case 'address': return ({ ip }) => networkOf(ip)
    default: return () => undefined
  }
}
