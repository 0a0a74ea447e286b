// `dev --sign-in`: an authorization server whose page lets the visitor choose who signs in.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { slug } from '../explorer/connect.ts'
import type { TokenAuthOptions } from '../index.ts'
import type { OAuthStore } from '../oauth/index.ts'
import { html, Html } from '../oauth/pages/html.ts'
import { colors } from '../oauth/pages/look.ts'
import { createStyle } from '../oauth/pages/style.ts'
import { createStore } from '../oauth/store.ts'

/** The settings of the sign-in of `dev`. */
export interface DevSignInSettings {
  /** The scopes that clients may ask for. */
  readonly scopes: readonly string[]
  /** The secret that all runs of a `dev` share, so tokens outlive a restart. */
  readonly key: string
  /** The file in which the runs keep clients and sign-ins. */
  readonly file: string
}

/** What an app needs to sign users in. */
export interface DevSignIn {
  /** The option `auth` of its mount. */
  readonly auth: TokenAuthOptions
  /** Adds the authorization server and its page. */
  addTo (app: FastifyInstance): void
}

const PAGE = '/sign-in'
const USERS = ['Ada Lovelace', 'Grace Hopper', 'Alan Turing']
const DAY = 24 * 60 * 60 * 1000

/**
 * Creates the sign-in for an app that listens on loopback.
 * @throws MCP_ERR_MISSING_PACKAGE while the app starts
 */
export async function createDevSignIn (
  publicUrl: string, { scopes, key, file }: DevSignInSettings
): Promise<DevSignIn> {
  const { authorizationServer, custom, SignInRefusedError } = await import('../oauth/index.ts')
  const signIn = custom<{ readonly name: string }>({
    name: 'dev --sign-in',
    start: ({ state }) => ({ url: `${publicUrl}${PAGE}?${new URLSearchParams({ state })}` }),
    finish ({ url }) {
      const name = (url.searchParams.get('user') ?? '').trim()
      if (name === '') throw new SignInRefusedError('Choose a user, or write a name.')
      return { name }
    },
    identify: ({ name }) => ({ subject: slug(name), label: name })
  })
  const login = authorizationServer({
    publicUrl,
    signIn,
    keys: [key],
    name: 'dev',
    scopes: Object.fromEntries(scopes.map((scope) => [scope, scope])),
    claims: ({ name }) => ({ extra: { name } }),
    store: createFileStore(file),
    lifetimes: { accessToken: DAY }
  })
  return {
    auth: login.auth,
    addTo (app) {
      app.register(login)
      app.get<{ Querystring: { state?: string } }>(PAGE, async ({ query }, reply) =>
        reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(renderPage(query.state ?? '')))
    }
  }
}

/** Creates a store in a file, which only one process uses at a time. */
export function createFileStore (file: string, now: () => number = Date.now): OAuthStore {
  type Entry = readonly [key: string, kept: { readonly value: string, readonly expiresAt: number }]
  // Written by `save`.
  const entries = new Map(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as Entry[] : [])
  const find = (key: string): string | undefined => {
    const kept = entries.get(key)
    return kept !== undefined && kept.expiresAt > now() ? kept.value : undefined
  }
  function save (): void {
    for (const [key, { expiresAt }] of entries) if (expiresAt <= now()) entries.delete(key)
    writeFileSync(file, JSON.stringify([...entries]), { mode: 0o600 })
  }
  function put (key: string, value: string, ttl: number): void {
    entries.set(key, { value, expiresAt: now() + ttl })
    save()
  }

  return createStore({ find, put, remove: (key) => { if (entries.delete(key)) save() } })
}

function renderPage (state: string): string {
  const [style, action] = [createStyle(colors.complete(undefined)), '/oauth/callback']
  const links = USERS.map((user) => html`<a href="${action}?${new URLSearchParams({ state, user })}">${user}</a>`)
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in as anybody</title>
<style>${new Html(style)}</style>
<main>
<h1>Sign in as anybody</h1>
<p>This page stands for your identity provider while you develop. It asks for no password.</p>
<p class="links">${links}</p>
<form action="${action}">
<input type="hidden" name="state" value="${state}">
<label for="user">Somebody else</label>
<input id="user" name="user" required autocomplete="off" maxlength="80">
<button class="main">Sign in</button>
</form>
</main>
</html>
`.text
}
