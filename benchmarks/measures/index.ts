// The measurements in addition to requests per second.
import type { Scenario } from '../scenario.ts'
import { CLUSTER } from './cluster.ts'
import { FAN_OUT } from './fan-out.ts'
import { SESSION_MEMORY, STREAM_MEMORY } from './memory.ts'
import { MILLION_CALLS } from './million-calls.ts'
import { ROUTES } from './routes.ts'
import { SCALE } from './scale.ts'
import { SIGN_IN } from './sign-in.ts'
import { START_UP } from './start-up.ts'

/** The measurements of scale, fan-out, memory, start-up, routes and sign-in. */
export const MEASURES: readonly Scenario[] = [
  ...SCALE,
  FAN_OUT,
  SESSION_MEMORY,
  STREAM_MEMORY,
  MILLION_CALLS,
  START_UP,
  ...ROUTES,
  SIGN_IN,
  CLUSTER
]
