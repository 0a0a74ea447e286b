/** Makes JavaScript of TypeScript that is erasable. */
export function blank (source: string): Promise<string>

/** Makes JavaScript of all files below a directory, ahead of those who load them. */
export function blankAll (directory: string): Promise<void>
