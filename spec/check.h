/* Unit tests in C: one program a file `<unit>_test.c`, printing TAP that spec/run.lua counts.
** CHECK goes on after a failure; end main with `return check_done();`. */
#ifndef MILL_SPEC_CHECK_H
#define MILL_SPEC_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_count, check_failed;

#define CHECK(cond, ...)                                                                           \
  do {                                                                                             \
    int check_ok_ = (cond) ? 1 : 0;                                                                \
    check_failed += !check_ok_;                                                                    \
    printf("%sok %d - %s:%d: %s", check_ok_ ? "" : "not ", ++check_count, __FILE__, __LINE__,      \
           #cond);                                                                                 \
    printf(" " __VA_ARGS__);                                                                       \
    printf("\n");                                                                                  \
  } while (0)

#define CHECK_STR(got, want) CHECK(strcmp((got), (want)) == 0, "got <%s> want <%s>", (got), (want))

static inline int check_done(void) {
  printf("1..%d\n", check_count);
  return check_failed != 0;
}

#endif
