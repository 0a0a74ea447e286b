// Who may use a route: @fastify/jwt and two hooks that routes choose from.
import { randomBytes } from 'node:crypto'
import createError from '@fastify/error'
import jwt from '@fastify/jwt'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** A caller, as the token of the login says. */
export interface Caller { readonly sub: string, readonly role: 'customer' | 'staff' }

// Errors with a status reach the client with their message. Any other error is a 500.
export const NotFound = createError<[what: string]>('SHOP_NOT_FOUND', '%s', 404)
export const Conflict = createError<[why: string]>('SHOP_CONFLICT', '%s', 409)
export const Forbidden = createError<[]>('SHOP_FORBIDDEN', 'Only the staff of the shop may do that', 403)

export default fp(async (app) => {
  await app.register(jwt, {
    secret: process.env.JWT_SECRET ?? randomBytes(32).toString('hex'),
    sign: { expiresIn: '1h' }
  })
})

/** An onRequest hook: only for callers with a token. */
export async function signedIn (request: FastifyRequest): Promise<void> {
  await request.jwtVerify()
}

/** An onRequest hook: only for the staff. */
export async function staffOnly (request: FastifyRequest): Promise<void> {
  await request.jwtVerify()
  if (callerOf(request.user).role !== 'staff') throw new Forbidden()
}

/** Returns the caller of a request whose token has been verified: `callerOf(request.user)`. */
export function callerOf (user: FastifyRequest['user']): Caller {
  // The login signs no other payload.
  return user as Caller
}
