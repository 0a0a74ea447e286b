// Recognises by its shape what can be mounted.
import type { ServerDefinition } from '../server/definition.ts'
import { MCP_ERR_INVALID_SERVER } from '../errors.ts'
import { FactoryServer, type SdkServerContext } from './factory.ts'
import { FetchServer } from './fetch/server.ts'
import {
  findSdkServer, isConnectable, isDefinition, isFetchHandler, isV1, isV2, type FetchHandler, type SdkServer
} from './shape.ts'
import { SdkInstance } from './v1/instance.ts'

/** A server of the official SDK, high-level or low-level, v1 or v2. */
export interface SdkServerLike {
  /** Called by the mount, which passes a transport of its own. Do not call it yourself. */
  connect (transport: never): Promise<void>
  /** Called when the app closes, or when the session that the server was created for has ended. */
  close (): Promise<void>
}

/**
 * A value that can be mounted: an `McpServer` or any other `ServerDefinition`, a server of the official SDK v1, a
 * function that creates a new SDK server (v1 or v2) for each client, or a handler of the SDK v2.
 */
export type Mountable =
  | ServerDefinition
  | SdkServerLike
  | ((context: SdkServerContext) => SdkServerLike | Promise<SdkServerLike>)
  | FetchHandler

// An object that is mounted twice must have one definition, so definitions are cached.
const definitions = new WeakMap<object, ServerDefinition>()

/**
 * Returns the definition of a `server` option.
 * @throws MCP_ERR_INVALID_SERVER
 */
export function resolveDefinition (server: unknown): ServerDefinition {
  if (server === undefined) throw new MCP_ERR_INVALID_SERVER('is missing')
  if (isDefinition(server)) return server
  const key = Object(server) as object
  const definition = definitions.get(key) ?? define(server)
  definitions.set(key, definition)
  return definition
}

function define (server: unknown): ServerDefinition {
  if (isFactory(server)) return new FactoryServer(server)
  if (isConnectable(server)) return defineInstance(server)
  if (isFetchHandler(server)) return new FetchServer(server)
  throw new MCP_ERR_INVALID_SERVER(describe(server))
}

function isFactory (server: unknown): server is (context: SdkServerContext) => unknown {
  return typeof server === 'function' && !isClass(server)
}

function defineInstance (server: SdkServer): ServerDefinition {
  const lowLevel = findSdkServer(server)
  if (isV2(server)) throw unshareable('is an SDK v2 server, which serves one client only')
  if (lowLevel === undefined || !isV1(lowLevel)) {
    throw unshareable('is an SDK server of an unknown version, which cannot be shared by clients')
  }
  if (lowLevel._taskStore !== undefined) {
    throw unshareable("uses the SDK's experimental tasks, which cannot be shared by clients")
  }
  return new SdkInstance(lowLevel, server)
}

function unshareable (problem: string): Error {
  return new MCP_ERR_INVALID_SERVER(`${problem}, so a function that creates one is needed`)
}

/** Returns whether a value is a class, which can only be called with `new`. */
export function isClass (server: unknown): boolean {
  return typeof server === 'function' && /^class\b/.test(Function.prototype.toString.call(server))
}

function describe (server: unknown): string {
  if (isClass(server)) return 'is a class, not an instance of it'
  if (typeof (Object(server) as { readonly then?: unknown }).then === 'function') return 'is a promise; await it first'
  const { server: held } = Object(server) as { readonly server?: unknown }
  if (isConnectable(held)) return "is an object that holds a server; pass its 'server' alone"
  return 'cannot be mounted'
}
