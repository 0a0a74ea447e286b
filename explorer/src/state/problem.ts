// Why a server could not be reached or refused the page, in words that say what to do.
import type { ProtocolError } from '@modelcontextprotocol/client'
import { official } from './load-client.ts'

/** A reply that refuses a request. */
export interface Refusal {
  readonly status: number
  readonly challenge: string | null
}

/** A problem, as the page shows it. */
export interface Problem {
  readonly title: string
  readonly text: string
  /** What to change in the app. */
  readonly advice?: string
  /** Whether the user has to sign in. */
  readonly needsSignIn?: boolean
  /** Whether it may pass, so that the page tries again. */
  readonly isPassing?: boolean
}

/** Reads what a reply says of its refusal. */
export function readRefusal (response: Response): Refusal {
  return { status: response.status, challenge: response.headers.get('www-authenticate') }
}

const BY_STATUS: Readonly<Record<number, Omit<Problem, 'text'>>> = {
  401: { title: 'This mount requires authentication', needsSignIn: true },
  403: {
    title: 'This mount refuses requests of this page',
    advice: "If the origin of this page is the reason, add it to 'allowedOrigins' of the mount, or set 'publicUrl'. " +
      'If a scope is missing, sign in again with it.'
  },
  404: { title: 'There is no endpoint at this URL', advice: 'Reload the page if the mounts of the app have changed.' },
  421: {
    title: 'This mount does not serve this host',
    advice: "Add the host of this page to 'allowedHosts' of the mount, or set 'publicUrl' to the URL of the app."
  },
  429: { title: 'Too many requests', isPassing: true },
  503: { title: 'This mount is unavailable at the moment', isPassing: true }
}

/** Describes an error of the client for the user. */
export function describeProblem (error: unknown, refusal: Refusal | undefined): Problem {
  const text = messageOf(error)
  const status = official !== undefined && error instanceof official.SdkHttpError ? error.status : refusal?.status
  const known = status === undefined ? undefined : BY_STATUS[status]
  if (known !== undefined) return { ...known, text: `The app answered ${status}. ${text}` }
  if (isProtocolError(error)) {
    return { title: 'The server answered with an error', text: `${text} (${error.code})` }
  }
  if (refusal === undefined) {
    return { title: 'The app cannot be reached', text: 'The page tries again on its own.', isPassing: true }
  }
  return { title: 'The page could not connect', text }
}

/** Whether the server has answered a request with an error. */
export function isProtocolError (error: unknown): error is ProtocolError {
  return official !== undefined && error instanceof official.ProtocolError
}

/** What an error says. */
export function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
