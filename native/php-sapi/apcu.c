#include "apcu.h"

/* APCu's, in php_apc.c; weak, as a PHP without APCu has neither. */
__attribute__((weak)) bool phpack_apcu_is_poisoned(void);
__attribute__((weak)) void phpack_apcu_reset(void);

/* There was no memory for another: this process and its children make do without. */
static bool is_given_up;

static bool is_poisoned(void) {
  return phpack_apcu_is_poisoned && phpack_apcu_is_poisoned();
}

bool phpack_apcu_is_lost(void) { return !is_given_up && is_poisoned(); }

bool phpack_apcu_renew(void) {
  if (!is_poisoned()) return false;
  phpack_apcu_reset();
  is_given_up = is_poisoned();
  return true;
}
