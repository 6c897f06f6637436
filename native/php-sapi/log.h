/* PHP's log: records to the front, or lines on stderr as long as there is no channel. */
#ifndef PHPACK_SAPI_LOG_H
#define PHPACK_SAPI_LOG_H

#include <stddef.h>

/* Before this, texts go to stderr: a zygote that fails to start is explained there. */
void phpack_log_use_channel(void);

/* `level`: syslog's number. Waits at most 3 seconds for a log that is full, then drops
 * texts and says so later: a log must not hold a worker. Not for signal handlers. */
void phpack_log(int level, const char *text, size_t length);

/* printf into phpack_log, at most 1023 bytes. */
void phpack_logf(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
