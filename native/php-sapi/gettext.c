/* textdomain() and bindtextdomain() change libc's state, which lives as long as the
 * process. What a request changed is put back before the next one. */
#include "gettext.h"

#include <php.h>
#include <libintl.h>
#include <stdlib.h>
#include <string.h>

#include "taint.h"

/* libc's, by POSIX. */
#define DEFAULT_DOMAIN "messages"

/* A domain whose directory was changed, and the one it had before. */
struct binding {
  struct binding *next;
  char *directory;
  char domain[];
};

static struct binding *changed;
static bool has_textdomain_changed;
static struct {
  zif_handler textdomain, bindtextdomain, bind_textdomain_codeset;
} own;

/* The text of an argument; NULL: it is none, and the function itself says so or asks. */
static const char *text_argument(zend_execute_data *execute_data, uint32_t number) {
  if (ZEND_NUM_ARGS() < number) return NULL;
  zval *argument = ZEND_CALL_ARG(execute_data, number);
  ZVAL_DEREF(argument);
  return Z_TYPE_P(argument) == IS_STRING && Z_STRLEN_P(argument) > 0
             ? Z_STRVAL_P(argument)
             : NULL;
}

static void remember(const char *domain) {
  for (struct binding *one = changed; one; one = one->next) {
    if (strcmp(one->domain, domain) == 0) return;
  }
  const char *directory = bindtextdomain(domain, NULL);
  size_t length = strlen(domain) + 1;
  struct binding *binding = directory ? malloc(sizeof *binding + length) : NULL;
  if (!binding) return;
  binding->directory = strdup(directory);
  memcpy(binding->domain, domain, length);
  binding->next = changed;
  changed = binding;
}

static PHP_FUNCTION(phpack_textdomain) {
  has_textdomain_changed = true;
  own.textdomain(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

static PHP_FUNCTION(phpack_bindtextdomain) {
  const char *domain = text_argument(execute_data, 1);
  if (domain) remember(domain);
  own.bindtextdomain(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

/* Once set, libc cannot be made to follow the locale again. */
static PHP_FUNCTION(phpack_bind_textdomain_codeset) {
  if (text_argument(execute_data, 2)) phpack_taint();
  own.bind_textdomain_codeset(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

static void stand_in(const char *name, zif_handler ours, zif_handler *original) {
  zend_function *function =
      zend_hash_str_find_ptr(CG(function_table), name, strlen(name));
  if (!function || function->type != ZEND_INTERNAL_FUNCTION) return;
  *original = function->internal_function.handler;
  function->internal_function.handler = ours;
}

void phpack_watch_gettext(void) {
  stand_in("textdomain", zif_phpack_textdomain, &own.textdomain);
  stand_in("bindtextdomain", zif_phpack_bindtextdomain, &own.bindtextdomain);
  stand_in("bind_textdomain_codeset", zif_phpack_bind_textdomain_codeset,
           &own.bind_textdomain_codeset);
}

void phpack_reset_gettext(void) {
  if (has_textdomain_changed) textdomain(DEFAULT_DOMAIN);
  has_textdomain_changed = false;
  while (changed) {
    struct binding *binding = changed;
    changed = binding->next;
    if (binding->directory) bindtextdomain(binding->domain, binding->directory);
    free(binding->directory);
    free(binding);
  }
}
