/** Stands where a function is demanded and there is nothing to do. */
export function doNothing (): void {}
