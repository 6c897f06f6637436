#include "log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "channel.h"
#include "request.h"

#define MAX_WAIT_MS 3000u
#define MAX_TEXT (PIPE_BUF - sizeof(struct phpack_log_record))

/* Texts of this process that the front never got. */
static struct {
  bool has_channel;
  unsigned lost;
} state;

struct record {
  struct phpack_log_record header;
  char text[MAX_TEXT];
};

_Static_assert(sizeof(struct record) <= PIPE_BUF, "records are written in one piece");

void phpack_log_use_channel(void) { state.has_channel = true; }

static void write_stderr(const char *text, size_t length) {
  char line[1024];
  int size =
      snprintf(line, sizeof line, "%.*s\n", (int)(length > 1000 ? 1000 : length), text);
  if (size > 0) (void)!write(STDERR_FILENO, line, (size_t)size);
}

/* The socket takes records whole or not at all: they are far smaller than its buffer. */
static bool write_record(const struct record *record, uint32_t deadline) {
  int log = phpack_end(PHPACK_LOG);
  if (log < 0) return false;
  for (;;) {
    ssize_t written = send(log, record, record->header.bytes, MSG_NOSIGNAL);
    if (written >= 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    int left = (int)(deadline - phpack_now_ms());
    if (left <= 0) return false;
    struct pollfd full = {log, POLLOUT, 0};
    poll(&full, 1, left);
  }
}

static void send_text(int level, const char *text, size_t length, uint32_t deadline) {
  struct record record;
  do {
    size_t part = length < MAX_TEXT ? length : MAX_TEXT;
    memcpy(record.text, text, part);
    text += part;
    length -= part;
    record.header = (struct phpack_log_record){
        .bytes = (uint16_t)(sizeof record.header + part),
        .level = (uint8_t)level,
        .flags = length > 0 ? PHPACK_LOG_MORE : 0,
        .pid = (uint32_t)getpid(),
        .slot = phpack_request.slot ? phpack_request.index + 1 : 0,
        .request_serial = phpack_request.serial,
    };
    if (!write_record(&record, deadline)) {
      state.lost++;
      return;
    }
  } while (length > 0);
}

void phpack_log(int level, const char *text, size_t length) {
  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) length--;
  if (!state.has_channel) {
    write_stderr(text, length);
    return;
  }
  /* Who has waited in vain does not wait again before something got through: a script
   * that logs a thousand lines would otherwise be held a thousand times. */
  uint32_t deadline = phpack_now_ms() + (state.lost ? 0 : MAX_WAIT_MS);
  if (state.lost) {
    char note[80];
    unsigned lost = state.lost;
    int size =
        snprintf(note, sizeof note,
                 "%u log entries before this one are lost: the log was full", lost);
    /* Also ends a text of which only the first parts got through. */
    send_text(LOG_WARNING, note, (size_t)size, deadline);
    if (state.lost == lost) state.lost = 0;
  }
  send_text(level < 0 || level > LOG_DEBUG ? LOG_NOTICE : level, text, length, deadline);
}

void phpack_logf(int level, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (size < 0) return;
  phpack_log(level, text, (size_t)size < sizeof text ? (size_t)size : sizeof text - 1);
}
