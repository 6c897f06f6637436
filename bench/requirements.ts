/** Debian packages that `npm run bench` needs beside those of the tests. */
export const benchRequirements: readonly { command: string; package: string }[] = [
  { command: 'wrk', package: 'wrk' },
  { command: 'debootstrap', package: 'debootstrap' },
];
