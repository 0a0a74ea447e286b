/**
 * The plugin, `McpServer` and their types. `Type` is re-exported from `@sinclair/typebox` 0.34.
 * @packageDocumentation
 */
export { default } from './plugin.ts'
export { closeOnSignal } from './close-on-signal.ts'
export type { ClosableApp, CloseOnSignalOptions } from './close-on-signal.ts'
export type { DrainOptions } from './app-drain.ts'
export type { McpMountOptions, RouteMountOptions } from './http/mount-options.ts'
export type { ExposableRoute, ExposeOptions, RouteRequest } from './routes/expose-options.ts'
export type { RouteToolConfig } from './routes/route-config.ts'
export type { Mount } from './mount.ts'
export type { MountStats } from './http/mount-stats.ts'
export type { Outcomes } from './telemetry/outcome-counts.ts'
export type { ClusterState } from './session/nodes/membership.ts'
export type { CorsOptions } from './http/guard/cors-options.ts'
export type { HealthOptions } from './http/beside/health-options.ts'
export type { MountHooks } from './http/beside/hooks.ts'
export type { LegacySseOptions } from './http/sse-2024/options.ts'
export { createMemoryEventStore } from './store/memory-event-store.ts'
export type { EventStore, Following, SharedEventStore, StoredEvent } from './store/event-store.ts'
export type { MemoryEventStoreOptions } from './store/memory-event-store.ts'
export type {
  ClusterEvent, ClusterEventKind, ClusterPeer, KeyPurpose, MountIdentity, PeerDifference, Principal, QuestionEvent,
  RefusalEvent, RequestEvent, RequestOutcome, SenderEvent, SessionEnd, SessionEvent, WireEvent
} from './telemetry/events.ts'
export type { CallLogOptions } from './telemetry/log/options.ts'
export type { RefusalReason } from './protocol/refusals.ts'
export type { MountSessions, SessionEvents, SessionInfo } from './session/sessions.ts'
export type { SessionSummary } from './session/session-summary.ts'
export { createMemorySessionStore } from './store/memory-session-store.ts'
export type {
  Connecting, OpenOutcome, SessionChange, SessionLimits, SessionPage, SessionRecord, SessionShare, SessionState,
  SessionStore, StoredSession
} from './store/session-store.ts'
export type { Cluster, ClusterListeners, ClusterNode } from './store/cluster.ts'
export { createMemoryCluster } from './store/memory-cluster.ts'
export type { MemoryClusterOptions } from './store/memory-cluster.ts'
export { createMemoryBus } from './store/notification-bus.ts'
export type { NotificationBus } from './store/notification-bus.ts'
export type { McpRegistry } from './registry.ts'
export type { Notifier } from './notify/publisher.ts'

export { McpServer } from './server/mcp-server.ts'
export type { McpServerOptions } from './server/options.ts'
export type { CreateRegExp } from './server/schema/pattern-engine.ts'
export type { Entered, ServerDefinition } from './server/definition.ts'
export type { Caller, Channel, Incoming, Outcome, WatchedResources } from './server/call/incoming.ts'
export type { Mountable, SdkServerLike } from './sdk/recognise.ts'
export type { SdkServerContext } from './sdk/factory.ts'
export type { FetchHandler } from './sdk/shape.ts'
export type { Handle } from './server/lists/collection.ts'
export type { RequestContext } from './server/call/request-context.ts'
export { inputRequired, InputRequiredError } from './server/call/input-required.ts'
export type {
  InputRequests, InputRequired, InputRequiredFields, InputRequiredResult
} from './server/call/input-required.ts'
export type { AskOptions } from './server/call/asker.ts'
export type { Elicited, ElicitedUrl, SampledBy, SampleParams } from './server/call/questions.ts'
export type { RequestStateOptions } from './server/call/request-state.ts'
export type { Question, ServerRequest } from './protocol/question.ts'
export type { ChangeEvent } from './protocol/change.ts'
export type { AccessConfig } from './server/lists/access.ts'
export type { Middleware } from './server/middleware.ts'
export type {
  Completed, CompletionParams, Hook, Hooks, ListParams, Next, PromptParams, ReadParams, ToolCallParams
} from './server/hooks.ts'
export type { CacheHint } from './server/call/cache-hint.ts'
export type { ListedTool, ToolChanges, ToolConfig, ToolHandle, ToolHandler } from './server/features/tool.ts'
export type { ToolResult, ToolReturn } from './server/features/tool-result.ts'
export type {
  ResourceChanges, ResourceConfig, ResourceContents, ResourceHandle, ResourceHandler, ResourceReturn, TemplateChanges,
  TemplateHandle, TemplateHandler
} from './server/features/resource.ts'
export { ResourceTemplate } from './server/features/template.ts'
export type { ListedResources, ResourceTemplateOptions, TemplateMatch, Variables } from './server/features/template.ts'
export type {
  PromptChanges,
  PromptConfig,
  PromptHandle,
  PromptHandler,
  PromptReturn
} from './server/features/prompt.ts'
export { completable } from './server/features/completable.ts'
export type { Complete } from './server/features/completable.ts'
export type { AnySchema } from './server/schema/schema.ts'
export type { InferInput, InferOutput } from './server/schema/infer.ts'
export type { JsonSchema } from './server/schema/validation.ts'
export { Type } from '@sinclair/typebox'

export { jwtVerifier } from './auth/jwt-verifier.ts'
export type { JwtVerifierOptions } from './auth/jwt-verifier.ts'
export { introspectionVerifier } from './auth/introspection-verifier.ts'
export type { IntrospectionVerifierOptions } from './auth/introspection-verifier.ts'
export type { TokenCacheOptions } from './auth/token-cache.ts'
export { authInfoOf } from './http/guard/auth-hook.ts'
export { InvalidTokenError, VerifierUnavailableError } from './auth/token-error.ts'
export type { AuthInfo, UpstreamOptions, UpstreamToken } from './auth/auth-info.ts'
export type { CallerFilter, CallerIdentity } from './auth/caller-filter.ts'
export type { RevocationExtent, Revocations } from './auth/revocations.ts'
export type { AuthOptions, HostAuthOptions, TokenAuthOptions, Verify, VerifyContext } from './auth/auth-options.ts'

export { ClusterUnreachableError, InsufficientScopeError, RpcError, SignInRequiredError, ToolError } from './errors.ts'
export { ErrorCode } from './protocol/error-code.ts'
export type { LogLevel } from './protocol/log-level.ts'
export type { ReceivedHeaders } from './protocol/headers.ts'
export type { NotificationMessage, Params, RequestId, RequestMessage, WireObject } from './protocol/message.ts'
export type { ClientIdentity } from './protocol/client-identity.ts'
export type { Era } from './protocol/revisions.ts'
