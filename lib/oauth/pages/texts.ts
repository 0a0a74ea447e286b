// The words of the pages that users see.
import { isObject } from '../../options/checks.ts'
import { isScope } from '../../protocol/scope.ts'

/**
 * The words of the pages in one language. `{app}`, `{client}`, `{account}` and `{provider}` stand for the names of the
 * app, the client, the user's account and the identity provider. Each text has those that the English one has.
 */
export interface PageTexts {
  /** The title of the question whether a client may act for the user. */
  readonly consentTitle: string
  /** The question itself. */
  readonly consentHeading: string
  /** The name of a client that has none. */
  readonly unnamedClient: string
  /** The heading of the list of abilities that the client gets. */
  readonly abilities: string
  /** The first entry of that list. */
  readonly useAs: string
  /** The label of the account. */
  readonly account: string
  /** The link to the sign-in with another account. */
  readonly otherAccount: string
  /** The label of the mount's URL. */
  readonly resource: string
  /** The label of the host that publishes the metadata of the client. */
  readonly publisher: string
  /** The label of the host that the user returns to. */
  readonly returnTo: string
  /** The advice about a client on the user's own device. */
  readonly localAdvice: string
  /** The advice about a client whose name is not verified. */
  readonly unverifiedAdvice: string
  /** The advice about a client that is published by a host. */
  readonly publishedAdvice: string
  /** The button that allows it. */
  readonly allow: string
  /** The button that does not. */
  readonly cancel: string
  /** The title of the page that leads back to the client. */
  readonly returningTitle: string
  /** The heading of that page. */
  readonly returningHeading: string
  /** What to do on that page if the browser stays there. */
  readonly returning: string
  /** The link on that page. */
  readonly proceed: string
  /** The title of the page for a user who may not come in. */
  readonly refusedTitle: string
  /** What such a user can do. */
  readonly refused: string
  /** What a user reads who has cancelled at the identity provider. */
  readonly cancelled: string
  /** The link that begins the sign-in again. */
  readonly tryAgain: string
  /** The link that gives up, and leads back to the client. */
  readonly giveUp: string
  /** The title of the page for a sign-in that failed at the identity provider. */
  readonly failedTitle: string
  /** What happened there. */
  readonly failed: string
  /** The title of the page for a sign-in that has expired. */
  readonly expiredTitle: string
  /** The reasons, and the way out. */
  readonly expired: string
  /** The title of the page while too many sign-ins have begun. */
  readonly busyTitle: string
  /** Why, and what to do. */
  readonly busy: string
  /** The title of the page for a client that made a mistake. */
  readonly errorTitle: string
  /** What to do. The mistake follows, in English. */
  readonly error: string
  /** The words for the scopes in this language. @default those of the option `scopes` */
  readonly scopes?: Readonly<Record<string, string>>
}

const ENGLISH = {
  consentTitle: 'Allow access to {app}?',
  consentHeading: '{client} wants to access {app} on your behalf',
  unnamedClient: 'An application without a name',
  abilities: 'It will be able to',
  useAs: 'Use {app} as {account}',
  account: 'Your account',
  otherAccount: 'Use another account',
  resource: 'Access to',
  publisher: 'Application published by',
  returnTo: 'You return to',
  localAdvice: 'The application runs on your own device. Allow this only if you just started to connect it yourself.',
  unverifiedAdvice: "Anyone can choose this application's name. Allow this only if you trust the address that you " +
    'return to.',
  publishedAdvice: 'Allow this only if you trust the application.',
  allow: 'Allow',
  cancel: 'Cancel',
  returningTitle: 'Returning',
  returningHeading: 'Returning to {client}',
  returning: 'You can close this window when the application is connected. If nothing happens:',
  proceed: 'Continue',
  refusedTitle: 'You cannot sign in here',
  refused: 'Ask the administrator of this app for access.',
  cancelled: 'You cancelled the sign-in.',
  tryAgain: 'Try again',
  giveUp: 'Return to the application',
  failedTitle: 'The sign-in failed',
  failed: 'Signing in with {provider} did not work. Try again later.',
  expiredTitle: 'This sign-in has expired',
  expired: 'It took too long, is already complete, or began in another browser. ' +
    'Go back to the application and connect again.',
  busyTitle: 'Too many sign-ins',
  busy: 'Too many sign-ins have begun from your network, or from all networks together. Wait half an hour, then go ' +
    'back to the application and connect again.',
  errorTitle: 'This sign-in cannot go on',
  error: 'Go back to the application and connect again. This is what was wrong:'
} satisfies PageTexts

/** The English words of the pages, which a table of your own can begin with. */
export const englishTexts: PageTexts = Object.freeze(ENGLISH)

/** Returns what is wrong with the texts of the pages; undefined if all are right. */
export function findTextsProblem (given: unknown): string | undefined {
  if (!isObject(given)) return 'must be an object of languages and their texts, such as { de: { … } }'
  for (const [language, texts] of Object.entries(given)) {
    if (!isLanguage(language)) return `has '${language}', which is no language tag such as 'de' or 'pt-BR'`
    const problem = isObject(texts) ? findTableProblem(texts as Record<string, unknown>) : 'must be an object of texts'
    if (problem !== undefined) return `has '${language}', which ${problem}`
  }
  return undefined
}

function isLanguage (tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1
  } catch {
    return false
  }
}

function findTableProblem ({ scopes, ...texts }: Readonly<Record<string, unknown>>): string | undefined {
  const unknown = Object.keys(texts).find((key) => !Object.hasOwn(ENGLISH, key))
  if (unknown !== undefined) {
    return `has '${unknown}', which does not exist; the texts are ${Object.keys(ENGLISH).join(', ')}`
  }
  for (const [key, english] of Object.entries<string>(ENGLISH)) {
    const text = texts[key]
    if (typeof text !== 'string' || text === '') return `needs '${key}', a text such as '${english}'`
    const names = namesIn(english)
    if (namesIn(text).join() !== names.join()) {
      return `has '${key}', which must have ${names.length > 0 ? names.join(' and ') : 'no placeholder'}`
    }
  }
  return scopes === undefined || isScopeTable(scopes) ? undefined : "has 'scopes', which must be scopes and their words"
}

function isScopeTable (value: unknown): boolean {
  return isObject(value) && Object.entries(value).every(([scope, words]) =>
    isScope(scope) && typeof words === 'string' && words !== '')
}

function namesIn (text: string): string[] {
  return [...new Set(text.match(/\{\w+\}/g))].sort()
}
