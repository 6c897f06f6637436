#include "apcu.h"

/* APCu's, in php_apc.c; weak, as a PHP without APCu has neither. */
__attribute__((weak)) bool phpack_apcu_is_poisoned(void);
__attribute__((weak)) void phpack_apcu_reset(void);

bool phpack_apcu_is_lost(void) {
  return phpack_apcu_is_poisoned && phpack_apcu_is_poisoned();
}

bool phpack_apcu_renew(void) {
  if (!phpack_apcu_is_lost()) return false;
  phpack_apcu_reset();
  return true;
}
