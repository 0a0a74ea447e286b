// The pages that users see, in the look of the app and the language of the browser.
import { createHash } from 'node:crypto'
import { renderConsent, type ConsentPage } from './consent-page.ts'
import { html, Html } from './html.ts'
import { directionOf, findLanguage, type LanguageHeaders } from './language.ts'
import { policySourceOf, type Colors } from './look.ts'
import { renderProblem, renderReturn, type Problem } from './message-pages.ts'
import { createStyle } from './style.ts'
import { englishTexts, type PageTexts } from './texts.ts'
import type { Content } from './wording.ts'

/** The options that decide on the pages, completed. */
export interface PageSettings {
  readonly name: string
  readonly logo: string | undefined
  readonly colors: Colors
  readonly texts: Readonly<Record<string, PageTexts>>
  readonly language: ((headers: LanguageHeaders) => string | undefined) | undefined
  readonly scopes: Readonly<Record<string, string>>
  readonly refusedText: string
}

/** The pages in one language. */
export interface LocalPages {
  consent (page: ConsentPage): string
  returning (client: string | undefined, url: string): string
  problem (problem: Problem): string
}

/** The pages in all languages. */
export interface Pages {
  /** The headers of every page: nothing but its own style and the logo loads, and no site can frame it. */
  readonly headers: Readonly<Record<string, string>>
  /** Returns the pages in the language that a request asks for. */
  of (headers: LanguageHeaders): LocalPages
}

/** Creates the pages of an app. */
export function createPages (settings: PageSettings): Pages {
  const style = createStyle(settings.colors)
  const frame = { ...settings, style }
  const englishOwn = settings.texts['en'] ?? { ...englishTexts, refused: settings.refusedText }
  const english = createLocalPages('en', englishOwn, frame)
  const translated = Object.entries(settings.texts).map(([language, texts]) =>
    [language, createLocalPages(language, texts, frame)] as const)
  const local = new Map([...translated, ['en', english]])

  return {
    headers: createHeaders(style, settings.logo),
    of (headers) {
      const wanted = settings.language?.(headers) ?? headers['accept-language']
      return local.get(findLanguage(wanted, [...local.keys()]) ?? '') ?? english
    }
  }
}

function createHeaders (style: string, logo: string | undefined): Readonly<Record<string, string>> {
  const hash = createHash('sha256').update(style).digest('base64')
  const images = logo === undefined ? '' : `img-src ${policySourceOf(logo)}; `
  return Object.freeze({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; ${images}form-action 'self'; ` +
      "frame-ancestors 'none'; base-uri 'none'",
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store'
  })
}

type Frame = Pick<PageSettings, 'name' | 'logo' | 'scopes'> & { readonly style: string }

function createLocalPages (language: string, texts: PageTexts, frame: Frame): LocalPages {
  const { name, logo, scopes, style } = frame
  const wording = { app: name, texts, wordsOf: (scope: string) => texts.scopes?.[scope] ?? scopes[scope] ?? scope }

  const render = ({ title, body, head }: Content): string => html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${head}
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<p class="brand">${logo !== undefined && html`<img src="${logo}" alt="">`}<span><bdi>${name}</bdi></span></p>
${body}
</main>
</body>
</html>
`.text

  return {
    consent: (page) => render(renderConsent(page, wording)),
    returning: (client, url) => render(renderReturn(client, url, wording)),
    problem: (problem) => render(renderProblem(problem, wording))
  }
}
