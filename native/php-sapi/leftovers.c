/* State of extensions that their own request shutdown leaves in the process. Under php-fpm
 * the next visitor's request finds it. */
#include "leftovers.h"

#include <php.h>
#include <string.h>
#include <syslog.h>

#include "gettext.h"

/* The number of the last error: the first and only thing in these modules' globals. */
static const char *const numbered[] = {"posix", "sockets"};
static int *last_errors[sizeof numbered / sizeof numbered[0]];

/* openssl_error_string() takes one error out of a queue, which is NULL as long as there
 * has been none. */
static void **openssl_errors;
static zend_function *openssl_error_string;

/* Set by PRAGMA, for the whole process. Weak, as a PHP without SQLite has none of them. */
__attribute__((weak)) int64_t sqlite3_hard_heap_limit64(int64_t bytes);
__attribute__((weak)) int64_t sqlite3_soft_heap_limit64(int64_t bytes);
__attribute__((weak)) void sqlite3_free(void *memory);
__attribute__((weak)) extern char *sqlite3_temp_directory;

/* ICU's, with its version in the names; weak, as a PHP without intl has neither. */
__attribute__((weak)) const char *uloc_getDefault_76(void);
__attribute__((weak)) int32_t ucal_getDefaultTimeZone_76(uint16_t *result, int32_t size,
                                                         int *error);

static void *globals_of(const char *module) {
  const zend_module_entry *entry =
      zend_hash_str_find_ptr(&module_registry, module, strlen(module));
  return entry ? entry->globals_ptr : NULL;
}

/* ICU takes both from the environment when they are first asked for, and keeps them: what a
 * script has put there by putenv() would stay the default of all later requests. */
static void settle_icu(void) {
  int error = 0;
  if (uloc_getDefault_76) uloc_getDefault_76();
  if (ucal_getDefaultTimeZone_76) ucal_getDefaultTimeZone_76(NULL, 0, &error);
}

void phpack_watch_leftovers(void) {
  settle_icu();
  for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
    last_errors[i] = globals_of(numbered[i]);
  }
  openssl_error_string =
      zend_hash_str_find_ptr(CG(function_table), ZEND_STRL("openssl_error_string"));
  if (openssl_error_string) openssl_errors = globals_of("openssl");
  phpack_watch_gettext();
}

static void drain_openssl(void) {
  bool is_empty = !openssl_errors || !*openssl_errors;
  while (!is_empty) {
    zval text;
    zend_call_known_function(openssl_error_string, NULL, NULL, &text, 0, NULL, NULL);
    is_empty = Z_TYPE(text) != IS_STRING;
    zval_ptr_dtor(&text);
  }
}

static void reset_sqlite(void) {
  if (!sqlite3_free) return;
  sqlite3_hard_heap_limit64(0); /* first: it bounds the other */
  sqlite3_soft_heap_limit64(0);
  sqlite3_free(sqlite3_temp_directory);
  sqlite3_temp_directory = NULL;
}

void phpack_clear_leftovers(void) {
  for (size_t i = 0; i < sizeof numbered / sizeof numbered[0]; i++) {
    if (last_errors[i]) *last_errors[i] = 0;
  }
  drain_openssl();
  reset_sqlite();
  phpack_reset_gettext();
  /* libc keeps options and facility of openlog(); PHP has taken back the name. */
  openlog(NULL, 0, LOG_USER);
}
