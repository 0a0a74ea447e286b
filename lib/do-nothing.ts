/** The function that does nothing. */
export function doNothing (): void {}
