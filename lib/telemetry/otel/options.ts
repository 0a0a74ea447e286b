// The options of `otel`.
import { flag } from '../../options/checks.ts'
import { resolve, type ResolvedOf, type TableOf } from '../../options/table.ts'

/** The options of {@link otel}. */
export interface OtelOptions {
  /** Makes a span of each request. @default true */
  readonly spans?: boolean
  /** Records metrics. @default true */
  readonly metrics?: boolean
  /** Adds the arguments of calls to their spans. They may be confidential. @default false */
  readonly captureArguments?: boolean
  /** Adds the results of calls to their spans. They may be confidential. @default false */
  readonly captureResults?: boolean
}

const OTEL = {
  spans: flag(true), metrics: flag(true), captureArguments: flag(false), captureResults: flag(false)
} satisfies TableOf<OtelOptions>

/** Options that have been checked and completed. */
export type ResolvedOtelOptions = ResolvedOf<typeof OTEL>

/** Checks and completes the options. @throws MCP_ERR_INVALID_OPTION */
export function resolveOtelOptions (given: OtelOptions): ResolvedOtelOptions {
  return resolve(OTEL, given)
}
