// The peer of every comparison: Debian trixie with its own PHP, nginx and php-fpm.
import { type DebianRoot, ensureDebianRoot } from './debian-root.ts';

/**
 * The release of Debian's PHP that libphp is compared with: the same as ours, because a
 * patch release changes what its tests expect. To be renewed with the pin of PHP's source.
 */
const PHP_RELEASE = '8.4.24-1~deb13u1';

/** sha256 of `php8.4-NAME_RELEASE_amd64.deb`. */
const PHP_PACKAGES: readonly (readonly [name: string, sha256: string])[] = [
  ['bcmath', '6961bbcd8e9436f6381777daf32938345641e0468fdf3cdb9f6e881e1dc1bb64'],
  ['bz2', 'a919fe7be27762b81deeefca2a0147c09d337568cfc77f371b3d3fa271ff5341'],
  ['cli', '8205f927545c28a03fdcc1bd1fc83c1aa9615d2ee1f7cec4cd5c86e59716782f'],
  ['common', 'fe81bee8ec155ed0ba14a2d1330f52f5ad3da2e7446ab74858f61c9e36202052'],
  ['curl', '503ca03dcfa24ca69e0fda53c6c67415e9a8843da9b8dd6272bb685336150fa6'],
  ['fpm', '6a78bfdda25eecd3a0030920d5bacdbff55a9681e0dfdb3201986a10868410ca'],
  ['gd', '338d3266731507aeeca27afcee5c8aeef396d365346ba97472a48179752f16b3'],
  ['gmp', 'e59ab0139186f3705b1f7ae054895c9418f8d327aaf0b243cb18e080b43634cd'],
  ['intl', '371c737cf878581d124d3cc577491607b2276e1fa21e5f6a41e191895a84b2c9'],
  ['mbstring', 'd78d7b03bfa1da13bfc608edecf6027502e553b971cf0b254d89574069c36586'],
  ['mysql', '3f1a0ac997517db19f086342617a9c0f2ac73093bc93b51f9faf0f8f9c55de63'],
  ['opcache', '0ed0c6ae703c5545155cc74905f4d3aad2efadb5c234f77f90e208d5f84f2ace'],
  ['pgsql', '8745fd4433f7550c3ab5bf84028bf90bfb867b0209f340380f882c3edc6f0952'],
  ['readline', '0b61ee28ce6c983c1bd3f7c851ff3f7c9124b3d3ffc52c8285a87d83c84ecc51'],
  ['soap', 'ed48a1b9039f6c8548a71527a27b9ba46af0ac3d57290e6cf9277ad0e56a88a1'],
  ['sqlite3', 'f2166ad88645a238d132269bcf197ac06d27f08777bd312054173ad0b8d061b8'],
  ['xml', '39079a6a4eb0ea4491d671e2526349c4f8ab06043f545f42698fe668fb00cfbe'],
  ['zip', '801d010f367e9bdde87b5e854ae76337f8eb9ed30a8d96598d0ac485a9956c61'],
];

/** What the pinned packages do not bring; together every extension of the set `full`. */
const OTHER_PACKAGES = [
  'php8.4-apcu',
  'php8.4-igbinary',
  'php8.4-redis',
  // Debian's PHP takes time zones from the system; its old names are here.
  'tzdata-legacy',
  'nginx',
  'iproute2',
];

/** The cached root with the peer in it. */
export function ensurePeerRoot(say: (line: string) => void): DebianRoot {
  const pinned = PHP_PACKAGES.map(([name, sha256]) => ({
    path: `pool/main/p/php8.4/php8.4-${name}_${PHP_RELEASE}_amd64.deb`,
    sha256,
  }));
  return ensureDebianRoot('trixie', OTHER_PACKAGES, say, pinned);
}
