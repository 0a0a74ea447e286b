// Light or dark: the choice of the user, or else that of the system.
import { effect, signal } from '@preact/signals'

const KEY = 'mcp-explorer-theme'
const system = matchMedia('(prefers-color-scheme: dark)')

/** The theme. */
export const theme = signal<'light' | 'dark'>(readTheme() ?? (system.matches ? 'dark' : 'light'))

// Access to the storage throws if the user has forbidden it.
function readTheme (): 'light' | 'dark' | undefined {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === 'light' || stored === 'dark' ? stored : undefined
  } catch {
    return undefined
  }
}

effect(() => { document.documentElement.dataset['theme'] = theme.value })
system.addEventListener('change', ({ matches }) => {
  if (readTheme() === undefined) theme.value = matches ? 'dark' : 'light'
})

/** Changes the theme, and remembers it. */
export function toggleTheme (): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // The choice lasts as long as the page.
  }
}
