/** What php.ini can express; more would be another directive, or the end of the file. */

export function isDirectiveName(name: string): boolean {
  return /^[A-Za-z_][\w.-]*$/.test(name);
}

export function isOneLine(value: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\0\r\n]/.test(value);
}
