// Types of requests from the TypeBox schemas of a route, as a type provider of Fastify.
import type { Static, TSchema } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyPluginOptions, FastifyTypeProvider, RawServerDefault } from 'fastify'

interface Typed extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
}

/** A plugin of routes. */
export type Routes = FastifyPluginAsync<FastifyPluginOptions, RawServerDefault, Typed>
