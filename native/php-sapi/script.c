/* One classic request, as php-fpm runs it: everything the script did is undone
 * afterwards. */
#include "script.h"

#include <php.h>
#include <SAPI.h>
#include <errno.h>
#include <php_main.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>
#include <zend_stream.h>

#include "body.h"
#include "log.h"
#include "request.h"
#include "sapi.h"

/* The pointers stay valid until the next request: see struct phpack_request. */
static void bind_request(void) {
  const struct phpack_text *fields = phpack_request.fields;
  sapi_request_info *info = &SG(request_info);
  int64_t length = phpack_request.body_length;
  info->request_method = fields[PHPACK_METHOD].bytes;
  info->query_string = (char *)fields[PHPACK_QUERY_STRING].bytes;
  info->request_uri = (char *)fields[PHPACK_SCRIPT_NAME].bytes;
  info->path_translated = (char *)fields[PHPACK_SCRIPT_FILENAME].bytes;
  info->content_type = fields[PHPACK_CONTENT_TYPE].bytes;
  info->content_length = length < 0 ? 0 : length;
  SG(sapi_headers).http_response_code = 200;
  SG(server_context) = &phpack_request;
}

static void unbind_request(void) {
  sapi_request_info *info = &SG(request_info);
  SG(server_context) = NULL;
  info->request_method = NULL;
  info->query_string = NULL;
  info->request_uri = NULL;
  info->path_translated = NULL;
  info->content_type = NULL;
  info->cookie_data = NULL;
}

/* Scripts start in their own directory. PHP would do this itself, with two system calls
 * more to be back for the shutdown functions, where nobody expects another directory. */
static bool enter_directory(const char *script) {
  const char *slash = strrchr(script, '/');
  char directory[MAXPATHLEN];
  size_t length = slash == script ? 1 : (size_t)(slash - script);
  if (!slash || length >= sizeof directory) {
    errno = ENAMETOOLONG;
    return false;
  }
  memcpy(directory, script, length);
  directory[length] = 0;
  return chdir(directory) == 0;
}

static void answer_missing_script(const char *script, int error) {
  phpack_logf(LOG_ERR, "Unable to open primary script: %s (%s)", script, strerror(error));
  zend_try {
    SG(sapi_headers).http_response_code = error == EACCES ? 403 : 404;
    PUTS(error == EACCES ? "Access denied.\n" : "No input file specified.\n");
  }
  zend_end_try();
}

static void execute(void) {
  const char *script = phpack_request.fields[PHPACK_SCRIPT_FILENAME].bytes;
  if (!enter_directory(script)) {
    answer_missing_script(script, errno);
    return;
  }
  /* By name, not opened: with OPcache a request then touches the file only to check its
   * time stamp, or not at all. */
  zend_file_handle file;
  zend_stream_init_filename(&file, script);
  file.primary_script = true;
  EG(exit_status) = 0;
  php_execute_script(&file);
  zend_destroy_file_handle(&file);
}

/* A body that ends too early fills $_POST with less than the client meant to send. */
static bool is_cut_off(void) {
  if (!phpack_body_is_broken() || PG(ignore_user_abort)) return false;
  php_output_set_status(PHP_OUTPUT_DISABLED);
  return true;
}

bool phpack_run_script(void) {
  volatile bool is_sound = true;
  bind_request();
  /* php_request_startup and its peers catch bailouts themselves; this is for one that
   * comes from between them. */
  zend_first_try {
    if (php_request_startup() == FAILURE) {
      /* Out of memory for the form, for one. Shut down nevertheless: uploads that came so
       * far are files, and the status is known. */
      is_sound = false;
    } else if (!is_cut_off()) {
      execute();
    }
    php_request_shutdown(NULL);
  }
  zend_catch { is_sound = false; }
  zend_end_try();
  unbind_request();
  return is_sound;
}
