/**
 * Middlewares for `server.use()`: limits, a cache, time limits, repetitions and schemas without references. And the
 * audit log, a plugin.
 * @packageDocumentation
 */
export { audit } from './audit.ts'
export { cacheResults } from './cache-results.ts'
export { dereference } from './dereference.ts'
export { limitCalls } from './limit-calls.ts'
export { limitConcurrency } from './limit-concurrency.ts'
export { limitResults } from './limit-results.ts'
export { redisCache } from './redis-cache.ts'
export { retry } from './retry.ts'
export { timeouts } from './timeouts.ts'
export type { AuditEntry, AuditOptions, WriteAudit } from './audit.ts'
export type { CacheBy } from './cache-key.ts'
export type { CacheCommands, RedisCacheOptions } from './redis-cache.ts'
export type { CachedEntry, CacheStore } from './cache-store.ts'
export type { CacheOptions } from './cache-results.ts'
export type { CallLimitOptions, Limiter, LimiterOptions, LimitStore } from './limit-calls.ts'
export type { ConcurrencyOptions } from './limit-concurrency.ts'
export type { DereferenceOptions } from './dereference.ts'
export type { LimitBy } from './caller.ts'
export type { NameCaller, Span } from './options.ts'
export type { ResultLimitOptions } from './limit-results.ts'
export type { RetryOptions } from './retry.ts'
export type { TimeoutOptions } from './timeouts.ts'
