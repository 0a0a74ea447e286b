// The icons, drawn in strokes of the colour of the text around them.
import type { JSX } from 'preact'

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  check: 'M5 13l4 4L19 7',
  chevron: 'M9 6l6 6-6 6',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  key: 'M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 13l9-9M16 8l3 3M13.5 10.5l1.5 1.5',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.6-5.6L12 7.2M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.6 5.6L12 16.8',
  live: 'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7' +
    'M5.5 18.5a9 9 0 0 1 0-13M18.5 5.5a9 9 0 0 1 0 13',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z',
  pause: 'M8 6v12M16 6v12',
  play: 'M7 5l12 7-12 7z',
  prompt: 'M4 5h16v11H9l-5 4z',
  pulse: 'M3 12h4l3-8 4 16 3-8h4',
  resource: 'M6 3h8l4 4v14H6zM14 3v4h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  stop: 'M7 7h10v10H7z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2' +
    'M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5',
  template: 'M8 4c-4 0-1 8-5 8 4 0 1 8 5 8M16 4c4 0 1 8 5 8-4 0-1 8-5 8',
  tool: 'M14.5 6.5a4 4 0 0 0-5.3 5.1L4 16.8 7.2 20l5.2-5.2a4 4 0 0 0 5.1-5.3l-2.6 2.6-2.5-2.5z',
  up: 'M6 14l6-6 6 6'
} as const

/** The name of an icon. */
export type IconName = keyof typeof PATHS

/** An icon. Screen readers ignore it, so the button around it needs a name. */
export function Icon ({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class='icon' viewBox='0 0 24 24' aria-hidden='true' focusable='false'>
      <path d={PATHS[name]} />
    </svg>
  )
}
