/* The shared memory between the front (Node, through channel.node) and the PHP
 * workers. This file is the only description both sides compile or mirror
 * (runtime/php/layout.ts repeats the offsets; a test compares the two).
 * Who may write which word, and in which order, is in PROTOCOL.md.
 *
 * All words are 32 bit because JavaScript's Atomics on an Int32Array are the
 * front's only tool; positions in byte rings are free-running and wrap at 2^32. */
#ifndef PHPACK_CHANNEL_LAYOUT_H
#define PHPACK_CHANNEL_LAYOUT_H

#include <stdint.h>

#ifdef __cplusplus /* the addon; libc++ refuses <stdatomic.h> beside <atomic> */
#include <atomic>
typedef std::atomic<uint32_t> phpack_word;
#define _Static_assert static_assert
#else
#include <stdatomic.h>
typedef _Atomic uint32_t phpack_word;
#endif

#define PHPACK_MAGIC 0x6b706870u /* "phpk" */
#define PHPACK_LAYOUT_VERSION 1u

#define PHPACK_MAX_WORKERS 64u
#define PHPACK_MAX_SLOTS 512u
#define PHPACK_RING_ENTRIES 4096u /* power of two, > MAX_SLOTS + MAX_WORKERS */

/* Descriptors the zygote inherits, and does not keep there: PROTOCOL.md "Who may see". */
#define PHPACK_FD_MEMORY 3   /* memfd that holds everything below */
#define PHPACK_FD_DOORBELL 4 /* eventfd: workers ring the front */
#define PHPACK_FD_LOG 5      /* socket: log records, see phpack_log_record */
#define PHPACK_FD_HANDOVER 6 /* SOCK_SEQPACKET: request bodies as descriptors */

/* Inside a slot. The rings' sizes are powers of two. */
#define PHPACK_SLOT_HEADER 256u
#define PHPACK_REQUEST_HEAD 98304u   /* 96 KiB: head limit 64 KiB + variables */
#define PHPACK_REQUEST_RING 65536u
#define PHPACK_RESPONSE_HEAD 65536u
#define PHPACK_RESPONSE_RING 262144u

#define PHPACK_REQUEST_HEAD_OFFSET PHPACK_SLOT_HEADER
#define PHPACK_RESPONSE_HEAD_OFFSET \
  (PHPACK_REQUEST_HEAD_OFFSET + PHPACK_REQUEST_HEAD)
#define PHPACK_REQUEST_RING_OFFSET \
  (PHPACK_RESPONSE_HEAD_OFFSET + PHPACK_RESPONSE_HEAD)
#define PHPACK_RESPONSE_RING_OFFSET \
  (PHPACK_REQUEST_RING_OFFSET + PHPACK_REQUEST_RING)
#define PHPACK_SLOT_BYTES 495616u /* 121 pages */

/* slot.claim: state in the low byte, worker index above it (TAKEN only). */
#define PHPACK_FREE 0u
#define PHPACK_QUEUED 1u
#define PHPACK_TAKEN 2u
#define PHPACK_DONE 3u
#define PHPACK_CLAIM_TAKEN(worker) (PHPACK_TAKEN | ((uint32_t)(worker) << 8))

/* slot.body_kind */
#define PHPACK_BODY_NONE 0u
#define PHPACK_BODY_RING 1u       /* bytes come through the request ring */
#define PHPACK_BODY_DESCRIPTOR 2u /* ask for a descriptor, see PROTOCOL.md */

/* slot.outcome, valid in state DONE */
#define PHPACK_OUTCOME_OK 0u
#define PHPACK_OUTCOME_EXITED 1u   /* detail: exit status */
#define PHPACK_OUTCOME_SIGNALED 2u /* detail: signal number */
#define PHPACK_OUTCOME_TIMEOUT 3u  /* over a limit. detail: 0 ended when it was told
                                      to, else the signal that killed it */

/* worker.clock: CLOCK_MONOTONIC in ms, low word, whose last two bits say of what. */
#define PHPACK_CLOCK_REQUEST 1u  /* when the request began */
#define PHPACK_CLOCK_FINISHED 3u /* the client has everything since then */
#define PHPACK_CLOCK_KIND 3u     /* mask */

/* Tells a worker that its request is over its limit; sigqueue() with the value of its
 * clock. The last real-time signal: neither libc nor the engine uses it. */
#define PHPACK_SIGNAL_END SIGRTMAX

struct phpack_slot {
  phpack_word claim;
  phpack_word bell;           /* futex: front increments it at every news */
  phpack_word worker_waits;   /* worker sets before FUTEX_WAIT on bell */
  phpack_word aborted;        /* front: the client is gone */
  phpack_word request_serial; /* front: counts requests, for logs */

  uint32_t head_bytes;   /* request head, see PROTOCOL.md "Request head" */
  uint32_t header_count; /* name/value pairs */
  uint32_t variable_count;
  uint32_t body_kind;
  uint32_t body_length_low; /* 64-bit length; both words ~0: unknown */
  uint32_t body_length_high;

  phpack_word body_written; /* front */
  phpack_word body_read;    /* worker */
  phpack_word body_ended;   /* front: 1 all written, 2 client broke off */
  phpack_word front_waits;  /* front wants news when the worker read bytes */

  phpack_word status;         /* worker: HTTP status of the response head */
  phpack_word response_head_bytes;
  phpack_word head_ready;     /* worker: 1 when status and head are valid */
  phpack_word response_written; /* worker */
  phpack_word response_read;  /* front */
  phpack_word response_ended; /* worker: no more bytes (script may run on) */

  phpack_word outcome;
  phpack_word outcome_detail;
  phpack_word peak_kib; /* worker: memory_get_peak_usage of the request */
  phpack_word overdue;  /* worker: told to end; nothing more of the response comes */
  uint32_t reserved[39];
};

struct phpack_worker {
  phpack_word bell;       /* futex: wakes an idle worker */
  phpack_word pid;        /* zygote */
  phpack_word slot;       /* slot index + 1 while busy; the claim decides */
  phpack_word clock;      /* while busy, else 0; see PHPACK_CLOCK_… */
  phpack_word requests;   /* served by this process */
  phpack_word kill_reason; /* zygote: 1 timeout */
  phpack_word ended_clock; /* clock of the request it was told to end, and does */
  phpack_word holds_opcache; /* 1 while it may change what OPcache shares */
  uint32_t reserved[8];
};

struct phpack_channel {
  /* written by the front before the zygote starts, constant afterwards */
  uint32_t magic, version, slot_count, worker_count;
  uint32_t request_timeout_ms; /* 0: none */
  uint32_t max_requests;       /* per worker process, 0: never recycle */
  uint32_t front_pid;
  uint32_t request_grace_ms; /* from being told to end until SIGKILL */
  uint32_t after_finish_timeout_ms; /* instead of the request's, 0: none */
  uint32_t reserved0[7];

  phpack_word ring_head; /* workers */
  uint32_t pad1[15];
  phpack_word ring_tail; /* front */
  uint32_t pad2[15];
  phpack_word sleeping[2]; /* bit per worker: sleeps on its bell */
  uint32_t pad3[14];
  phpack_word front_asleep;
  phpack_word stop; /* workers leave when the ring is empty */
  phpack_word ready; /* zygote: 1 after module startup, then rings the doorbell */
  phpack_word forks, deaths;
  uint32_t pad4[11];
  phpack_word news[PHPACK_MAX_SLOTS / 32]; /* bit per slot */

  struct phpack_worker workers[PHPACK_MAX_WORKERS];
  uint32_t ring[PHPACK_RING_ENTRIES];
};

#define PHPACK_SLOTS_OFFSET 32768u

_Static_assert(sizeof(struct phpack_slot) == PHPACK_SLOT_HEADER, "slot");
_Static_assert(sizeof(struct phpack_worker) == 64, "worker");
_Static_assert(sizeof(struct phpack_channel) <= PHPACK_SLOTS_OFFSET, "channel");
_Static_assert(PHPACK_RESPONSE_RING_OFFSET + PHPACK_RESPONSE_RING <=
                   PHPACK_SLOT_BYTES, "slot bytes");

static inline struct phpack_slot *phpack_slot_at(void *base, uint32_t index) {
  return (struct phpack_slot *)((char *)base + PHPACK_SLOTS_OFFSET +
                                (uintptr_t)index * PHPACK_SLOT_BYTES);
}

/* One write() of at most PIPE_BUF (4096) bytes to PHPACK_FD_LOG: this header and
 * the text. Longer texts are split; all but the last part carry MORE. */
struct phpack_log_record {
  uint16_t bytes; /* header and text */
  uint8_t level;  /* syslog: 3 error, 4 warning, 5 notice, 6 info, 7 debug */
  uint8_t flags;
  uint32_t pid;
  uint32_t slot; /* index + 1, 0: not in a request */
  uint32_t request_serial;
};
#define PHPACK_LOG_MORE 1u

#endif
