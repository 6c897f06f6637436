/* This process' view of the channel: the mapping, the descriptors, and the few moves of
 * native/channel/PROTOCOL.md that zygote and workers share. */
#ifndef PHPACK_SAPI_CHANNEL_H
#define PHPACK_SAPI_CHANNEL_H

#include <layout.h>
#include <stdbool.h>

/* Mapped once by phpack_channel_open, before the first fork; never unmapped. Any worker's
 * script may have written anywhere in it: each word is read once and checked, and what
 * does not change is read from phpack_settings. */
extern struct phpack_channel *phpack_channel;

/* Copied when the channel is opened: one wrong word must not end all workers. */
extern struct phpack_settings {
  uint32_t slot_count, worker_count;
  uint32_t request_timeout_ms; /* 0: none */
  uint32_t request_grace_ms, after_finish_timeout_ms;
  uint32_t max_requests;       /* per worker process, 0: never recycle */
  uint32_t front_pid;
} phpack_settings;

/* What is left of descriptors 3 to 6, at numbers that scripts do not meet. */
enum phpack_end { PHPACK_DOORBELL, PHPACK_LOG, PHPACK_HANDOVER, PHPACK_ENDS };

/* Takes over descriptors 3 to 6. Returns NULL, or what is wrong with them. */
const char *phpack_channel_open(void);

/* Its number; -1 when it is not ours any more: closed by a script (FFI, an extension's
 * fault), and possibly another file's by now. */
int phpack_end(enum phpack_end end);

/* False as soon as one was found lost. Such a worker takes no further request. */
bool phpack_has_all_ends(void);

/* Looks for closed ones, by one system call. */
bool phpack_check_ends(void);

/* In a worker: children that its scripts fork do not get the memory, ... */
void phpack_keep_from_children(void);
/* ... and in such a child: nor what it could disturb others by. The log stays. */
void phpack_drop_ends(void);

struct phpack_slot *phpack_slot(uint32_t index);

/* CLOCK_MONOTONIC in milliseconds, low word. */
uint32_t phpack_now_ms(void);

/* Sleeps until somebody wakes the futex; returns at once if it is not `seen` any more,
 * and for no reason at all when a signal comes, or after a second if `is_patient` is
 * false: then no wrong word can make it wait for ever. */
void phpack_futex_wait(phpack_word *word, uint32_t seen, bool is_patient);

/* Tells the front that something about the slot has changed. */
void phpack_post_news(uint32_t slot);
void phpack_ring_doorbell(void);
void phpack_set_news(uint32_t slot);

/* Requests that wait in the ring, stale entries included. 0 also when the ring's words
 * make no sense: the front will see that, and start PHP anew. */
uint32_t phpack_ring_waiting(uint32_t head);

/* Lets all workers that sleep look what there is, requests or not. */
void phpack_wake_all(void);

/* Wakes one worker that sleeps, if there are requests. */
void phpack_wake_sleeper(void);

#endif
