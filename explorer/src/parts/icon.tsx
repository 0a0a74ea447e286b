// The icons, drawn in strokes of the colour of the text around them.
import type { JSX } from 'preact'

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  check: 'M5 13l4 4L19 7',
  chevron: 'M9 6l6 6-6 6',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v10H9zM5 15V5h10',
  key: 'M14 10a4 4 0 1 0-3.5 4L12 15.5V18h2.5v2.5H18v-3.5l-4.2-4.2A4 4 0 0 0 14 10z',
  link: 'M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.6-5.6L12 7.200M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.600 5.600L12 16.800',
  live: 'M12 13.500a1.500 1.500 0 1 0 0-3 1.500 1.500 0 0 0 0 3zM8.500 15.500a5 5 0 0 1 0-7M15.500 8.500a5 5 0 0 1 0 7M5.500 18.500a9 9 0 0 1 0-13M18.500 5.500a9 9 0 0 1 0 13',
  moon: 'M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500z',
  pause: 'M8 6v12M16 6v12',
  play: 'M7 5l12 7-12 7z',
  prompt: 'M4 5h16v11H9l-5 4z',
  pulse: 'M3 12h4l3-8 4 16 3-8h4',
  resource: 'M6 3h8l4 4v14H6zM14 3v4h4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  stop: 'M7 7h10v10H7z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5',
  template: 'M8 4c-4 0-1 8-5 8 4 0 1 8 5 8M16 4c4 0 1 8 5 8-4 0-1 8-5 8',
  tool: 'M14.500 6.500a4 4 0 0 0-5.300 5.100L4 16.800 7.200 20l5.200-5.200a4 4 0 0 0 5.100-5.300l-2.600 2.600-2.500-2.500z',
  up: 'M6 14l6-6 6 6'
} as const

/** The name of an icon. */
export type IconName = keyof typeof PATHS

/** An icon. It says nothing to screen readers, so what it stands in needs a name. */
export function Icon ({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class='icon' viewBox='0 0 24 24' aria-hidden='true' focusable='false'>
      <path d={PATHS[name]} />
    </svg>
  )
}
