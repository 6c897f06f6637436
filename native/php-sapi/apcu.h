/* What a worker that dies leaves of APCu's shared memory. Its locks are robust: see
 * static-php-build/patches/apcu-robust.patch. */
#ifndef PHPACK_SAPI_APCU_H
#define PHPACK_SAPI_APCU_H

#include <stdbool.h>

/* In this process' cache somebody died while he changed it: nothing is found in it any
 * more, and nothing stored. A successor has another. */
bool phpack_apcu_is_lost(void);

/* In the zygote: gives the workers that it forks from now on another, empty cache. False:
 * the present one is sound. */
bool phpack_apcu_renew(void);

#endif
