// How the pages look: the colours and the logo of the app.
import { kindOf, nested } from '../../options/checks.ts'
import type { ResolvedOf, TableOf } from '../../options/table.ts'

/** The colours of the pages in one colour scheme. Each is written as `#rrggbb` or `#rgb`. */
export interface SchemeColors {
  /** The colour of the button that allows access. Its text is black or white, whichever can be read better. */
  readonly accent?: string
  /** The colour around the card. */
  readonly background?: string
}

/** The colours of the pages. */
export interface PageColors extends SchemeColors {
  /** The colours for users who prefer dark pages. @default the same accent, on a dark background */
  readonly dark?: SchemeColors
}

const color = kindOf<string>("must be a colour such as '#0b5fce'",
  (value) => typeof value === 'string' && /^#(?:[\da-f]{3}){1,2}$/i.test(value))
const SCHEME = { accent: color(), background: color() } satisfies TableOf<SchemeColors>

const COLORS = {
  ...SCHEME, dark: nested(SCHEME, "must be an object, such as { accent: '#7ab4ff' }")
} satisfies TableOf<PageColors>

/** The option `colors`. */
export const colors = nested(COLORS, "must be an object, such as { accent: '#0b5fce' }")

/** The colours of the pages, as the option gives them. */
export type Colors = ResolvedOf<typeof COLORS>

const MAX_LOGO = 64 * 1024
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp|avif|svg\+xml)(?:;[\w=-]+)*,[^\s"<>]+$/

/** The option `logo`. */
export const logo = kindOf<string>(
  `must be the https URL of a picture, or a picture as a URL of data:image/… with at most ${MAX_LOGO} characters`,
  (value) => typeof value === 'string' && value.length <= MAX_LOGO &&
    (DATA_IMAGE.test(value) || (/^https:\/\/[^\s"<>\\]+$/.test(value) && URL.canParse(value))))

/** Returns the source of the policy that lets this logo load, and nothing else of the web. */
export function policySourceOf (logo: string): string {
  if (logo.startsWith('data:')) return 'data:'
  // CSP 3 2.3.1: the query has no part in a source; ';' and ',' would end it.
  const { origin, pathname } = new URL(logo)
  return origin + pathname.replaceAll(';', '%3B').replaceAll(',', '%2C')
}

/** Returns the custom properties of a colour scheme, as CSS. Whatever the colours are, the texts can be read. */
export function describeScheme ({ accent, background }: Colors['dark'], scheme: 'light' | 'dark'): string {
  const { card, soft, ink, ...fallback } = SCHEMES[scheme]
  const button = accent ?? fallback.accent
  const on = contrastOf(button, '#ffffff') >= contrastOf(button, '#000000') ? '#fff' : '#000'
  // WCAG 2.2 1.4.3 and 1.4.11: 4.5 for text, and 3 for what is needed to recognize a control.
  const link = contrastOf(button, card) >= 4.5 ? button : ink
  const edge = contrastOf(button, card) >= 3 ? button : soft
  return `--ink: ${ink}; --soft: ${soft}; --card: ${card}; --ground: ${background ?? fallback.background}; ` +
    `--accent: ${button}; --on: ${on}; --link: ${link}; --edge: ${edge};`
}

const SCHEMES = {
  light: { ink: '#1b1f24', soft: '#57606a', card: '#ffffff', accent: '#0b5fce', background: '#f4f6f9' },
  dark: { ink: '#e8ebef', soft: '#a4adb8', card: '#191e25', accent: '#7ab4ff', background: '#101418' }
} as const

/** Returns the contrast of two colours, from 1 to 21, as WCAG 2.2 defines it. */
export function contrastOf (one: string, other: string): number {
  const [low = 0, high = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function luminanceOf (color: string): number {
  const digits = color.length === 4 ? color.replace(/[\da-f]/gi, '$&$&') : color
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(digits.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
