/* With output_buffering = 4096, php.ini-production's value and ours, PHP's flush()
 * reaches nobody: what the script wrote is still in the buffer that the ini setting
 * opened, of which the script knows nothing. Here flush() empties that one too. Buffers
 * that scripts open stay theirs. */
#include "flush.h"

#include <php.h>
#include <SAPI.h>
#include <php_output.h>
#include <string.h>

/* Opened by the ini setting: the only one, without a callback, and of the set size. (A
 * script that calls ob_start(null, 4096) itself wants the same.) */
static bool is_ini_buffer(const php_output_handler *buffer) {
  return buffer && php_output_get_level() == 1 && PG(output_buffering) > 1 &&
         buffer->size == (size_t)PG(output_buffering) &&
         zend_string_equals_cstr(buffer->name, php_output_default_handler_name,
                                 sizeof php_output_default_handler_name - 1);
}

static PHP_FUNCTION(phpack_flush) {
  ZEND_PARSE_PARAMETERS_NONE();
  if (is_ini_buffer(php_output_get_active_handler())) php_output_flush();
  sapi_flush();
}

void phpack_extend_flush(void) {
  zend_function *function = zend_hash_str_find_ptr(CG(function_table), "flush", 5);
  if (!function || function->type != ZEND_INTERNAL_FUNCTION) return;
  function->internal_function.handler = zif_phpack_flush;
}
