// What happens between a user and the server while an authorization request waits: sign-in, then consent.
import { createHash, randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createNodePair, readRequest, type NodePair } from './bridge.ts'
import { createConsent, type Consent } from './consent.ts'
import { PAGE_HEADERS, renderProblem } from './page.ts'
import type { Interaction, InteractionResult } from './peers.ts'
import { INTERACTION_PATH, INTERACTION_TTL, type ServerParts } from './provider.ts'
import { SignInRefusedError, type SignInReturn, type SignInStarted } from './sign-in/sign-in.ts'

/** The path that the identity provider sends browsers back to. */
export const CALLBACK_PATH = '/oauth/callback'

/** The handlers of the routes that users visit. */
export interface Interactions {
  /** Shows the next step of an authorization request: the identity provider, or the consent page. */
  proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes the decision of the consent page. */
  decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
  /** Takes a browser that comes back from the identity provider. */
  comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

interface PendingSignIn { readonly uid: string, readonly browser: string, readonly kept?: unknown }

interface Visit { readonly interaction: Interaction, readonly pair: NodePair }

const EXPIRED = ['This sign-in has expired', 'It took too long, is already complete, or began in another browser. ' +
  'Go back to the application and connect again.'] as const

/** Creates the handlers. */
export function createInteractions (parts: ServerParts): Interactions {
  const { settings: { store, signIn, issuer, publicUrl }, accounts, provider, keys } = parts
  const consent: Consent = createConsent(parts)
  const callbackUrl = issuer + CALLBACK_PATH
  const isSecure = publicUrl.protocol === 'https:'
  const cookiePath = new URL(callbackUrl).pathname
  // Each sign-in has a cookie of its own, so several tabs can sign in at once.
  const cookieOf = (state: string): string =>
    `${isSecure ? '__Secure-' : ''}mcp-state-${createHash('sha256').update(state).digest('base64url').slice(0, 16)}`
  const signedInKey = (uid: string): string => `signed-in:${uid}`

  // The provider finds the interaction by a cookie that is sent to the URL of this interaction only.
  async function findVisit (request: FastifyRequest): Promise<Visit | undefined> {
    const pair = createNodePair(publicUrl, readRequest(request))
    const interaction = await provider.interactionDetails(pair.request, pair.response).catch((error: unknown) => {
      if (Object(error).name !== 'SessionNotFound') throw error
    })
    const { uid } = Object(request.params)
    return interaction === undefined || interaction.uid !== uid ? undefined : { interaction, pair }
  }

  async function finish ({ pair }: Visit, result: InteractionResult): Promise<string> {
    return await provider.interactionResult(pair.request, pair.response, result, { mergeWithLastSubmission: true })
  }

  function sendFailure ({ log }: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
    if (error instanceof SignInRefusedError) return sendProblem(reply, 403, 'You cannot sign in here', error.message)
    log.error({ err: error }, `sign-in with ${signIn.name} failed`)
    const text = `Signing in with ${signIn.name} did not work. Try again later.`
    return sendProblem(reply, 502, 'The sign-in failed', text)
  }

  async function startSignIn (
    { uid }: Interaction, request: FastifyRequest, reply: FastifyReply
  ): Promise<FastifyReply> {
    const [state = '', browser = ''] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64url'))
    let started: SignInStarted
    try {
      started = await signIn.start({ callbackUrl, state })
    } catch (error) {
      return sendFailure(request, reply, error)
    }
    const { url, kept } = started
    const pending: PendingSignIn = { uid, browser: keys.sign('browser', browser), kept }
    await store.set(`sign-in:${state}`, JSON.stringify(pending), INTERACTION_TTL)
    const attributes = `Path=${cookiePath}; HttpOnly; SameSite=Lax; Max-Age=${INTERACTION_TTL / 1000}`
    return reply
      .header('set-cookie', `${cookieOf(state)}=${browser}; ${attributes}${isSecure ? '; Secure' : ''}`)
      .header('cache-control', 'no-store')
      .header('referrer-policy', 'no-referrer')
      .redirect(url, 303)
  }

  // The browser may be signed in as somebody else, whose session must not go on with this user's request.
  async function leaveOtherSession (interaction: Interaction, subject: string): Promise<void> {
    const { session } = interaction
    if (session?.accountId === undefined || session.accountId === subject) return
    await (await provider.Session.findByUid(session.uid))?.destroy()
    delete interaction.session
    await interaction.save(interaction.exp - Math.floor(Date.now() / 1000))
  }

  async function proceed (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await findVisit(request)
    if (visit === undefined) return sendProblem(reply, 400, ...EXPIRED)
    const { interaction } = visit
    if (interaction.prompt.name === 'consent') {
      const answer = await consent.ask(interaction)
      if ('result' in answer) return reply.redirect(await finish(visit, answer.result), 303)
      return reply.headers(PAGE_HEADERS).send(answer.page)
    }
    const subject = await store.take(signedInKey(interaction.uid))
    if (subject === undefined) return await startSignIn(interaction, request, reply)
    await leaveOtherSession(interaction, subject)
    return reply.redirect(await finish(visit, { login: { accountId: subject } }), 303)
  }

  async function decide (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const visit = await findVisit(request)
    if (visit === undefined || visit.interaction.prompt.name !== 'consent') return sendProblem(reply, 400, ...EXPIRED)
    const form = new URLSearchParams(String(request.body))
    const answer = await consent.take(visit.interaction, form)
    if (answer === undefined) return sendProblem(reply, 403, ...EXPIRED)
    const page = answer.renderReturn(await finish(visit, answer.result))
    return reply.headers(PAGE_HEADERS).send(page)
  }

  async function comeBack (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const url = new URL(callbackUrl)
    url.search = new URL(request.url, issuer).search
    const state = url.searchParams.get('state') ?? ''
    const browser = readCookie(request.headers.cookie, cookieOf(state))
    const text = browser === undefined ? undefined : await store.take(`sign-in:${state}`)
    if (browser === undefined || text === undefined) return sendProblem(reply, 400, ...EXPIRED)
    const pending = JSON.parse(text) as PendingSignIn // written by startSignIn
    if (!keys.isSigned('browser', browser, pending.browser)) return sendProblem(reply, 400, ...EXPIRED)
    reply.header('set-cookie', `${cookieOf(state)}=; Path=${cookiePath}; Max-Age=0${isSecure ? '; Secure' : ''}`)
    return await admit(request, reply, pending.uid, { url, state, callbackUrl, kept: pending.kept })
  }

  async function admit (
    request: FastifyRequest, reply: FastifyReply, uid: string, returned: SignInReturn
  ): Promise<FastifyReply> {
    try {
      const { subject } = await accounts.admit(await signIn.finish(returned))
      await store.set(signedInKey(uid), subject, INTERACTION_TTL)
    } catch (error) {
      return sendFailure(request, reply, error)
    }
    return reply.header('cache-control', 'no-store').redirect(`${issuer}${INTERACTION_PATH}/${uid}`, 303)
  }

  return { proceed, decide, comeBack }
}

function sendProblem (reply: FastifyReply, status: number, title: string, text: string): FastifyReply {
  return reply.code(status).headers(PAGE_HEADERS).send(renderProblem(title, text))
}

function readCookie (header: string | undefined, name: string): string | undefined {
  const pair = header?.split(/; */).find((one) => one.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
