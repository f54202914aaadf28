/* Time of day and elapsed time; a clock that tests and replays can set. */
#ifndef MILL_BASE_CLOCK_H
#define MILL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock that never goes back; a point on it for timed waits. */
int64_t mill_monotonic(void);
/* The same, some milliseconds late, in a few nanoseconds: for who asks each batch whether it is time. */
int64_t mill_monotonic_rough(void);
struct timespec mill_monotonic_after(int64_t nanos);

/* The clock that a session's work reads: micros() is the wall time since 1970. */
typedef struct mill_clock {
  int64_t fixed; /* the time it shows when `manual` */
  int manual;
} mill_clock;

int64_t mill_clock_micros(const mill_clock *c);

#endif
