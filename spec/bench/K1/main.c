/* The C peer of row K1, as a child process of run.py: `c DATA` reads the columns that generate.py
** wrote beside the Parquet file, then answers `load`, `answer CASE`, `run CASE` and `quit` from stdin
** with a line of JSON each, as peer.py does. A run repeats its kernel until it has taken
** a twentieth of a second of the processor. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "kernel.h"

enum { LONG_ENOUGH = 50000000, TEXT_ROOM = 400 << 20 };

static const kernel_case *const GROUPS[] = {number_cases,  time_cases,     text_cases,
                                            pattern_cases, parse_cases,    variant_cases,
                                            nested_cases,  aggregate_cases};
enum { NGROUPS = sizeof GROUPS / sizeof *GROUPS };

static int64_t nanoseconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *must(void *p, const char *what) {
  if (p == NULL) {
    perror(what);
    exit(1);
  }
  return p;
}

/* A new buffer whose pages have been touched. */
static void *room(size_t bytes) { return memset(must(malloc(bytes), "memory"), 0, bytes); }

static const void *column(const char *folder, const char *name, size_t *bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.bin", folder, name);
  FILE *f = must(fopen(path, "rb"), path);
  fseek(f, 0, SEEK_END);
  long size = ftell(f);
  rewind(f);
  char *data = room((size_t)size + 64);
  if (fread(data, 1, (size_t)size, f) != (size_t)size) must(NULL, path);
  fclose(f);
  if (bytes != NULL) *bytes = (size_t)size;
  return data;
}

static const void *ends(const char *folder, const char *name) {
  char file[64];
  snprintf(file, sizeof file, "%s.end", name);
  return column(folder, file, NULL);
}

static map_column maps(const table *t) {
  enum { ENTRIES = 4 };
  size_t bytes = t->rows * ENTRIES * sizeof(int64_t);
  int64_t *keys = room(bytes), *values = room(bytes), *end = room(t->rows * sizeof *end);
  for (size_t k = 0; k < t->rows; k++) {
    int64_t i = t->i[k], j = t->j[k], v[ENTRIES] = {i, j, i + j, i - j};
    for (size_t e = 0; e < ENTRIES; e++) {
      keys[ENTRIES * k + e] = (int64_t)e + 1;
      values[ENTRIES * k + e] = v[e];
    }
    end[k] = ENTRIES * ((int64_t)k + 1);
  }
  return (map_column){keys, values, end};
}

static table load(const char *folder) {
  table t = {0};
  size_t bytes;
  t.i = column(folder, "i", &bytes);
  t.rows = bytes / sizeof *t.i;
  t.j = column(folder, "j", NULL);
  t.m = column(folder, "m", NULL);
  t.ts = column(folder, "ts", NULL);
  t.n = column(folder, "n", NULL);
  t.d = column(folder, "d", NULL);
  t.x = column(folder, "x", NULL);
  t.y = column(folder, "y", NULL);
  t.e = (float_lists){column(folder, "e", NULL), ends(folder, "e")};
  t.f = (float_lists){column(folder, "f", NULL), ends(folder, "f")};
  struct {
    const char *name;
    text_column *to;
  } texts[] = {{"s", &t.s},     {"t", &t.t},     {"u", &t.u},   {"h", &t.h},
               {"num", &t.num}, {"day", &t.day}, {"at", &t.at}, {"js", &t.js},
               {"xm", &t.xm},   {"cs", &t.cs},   {"b", &t.b}};
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
    *texts[k].to = (text_column){column(folder, texts[k].name, NULL), ends(folder, texts[k].name)};
  t.a = (list_column){column(folder, "a", NULL), ends(folder, "a")};
  t.c = (list_column){column(folder, "c", NULL), ends(folder, "c")};
  t.mp = maps(&t);
  return t;
}

static result results(size_t rows) {
  return (result){.values = room(rows * 8),
                  .more = room(rows * 8 * LIST_ROOM),
                  .narrow = room(rows * 4),
                  .reals = room(rows * 8),
                  .flags = room(rows),
                  .bytes = room(TEXT_ROOM),
                  .end = room(rows * 8)};
}

static void make_variants(table *t) {
  result r = results(t->rows);
  k_parse_json(t, &r);
  char *bytes = room((size_t)r.end[t->rows - 1] + 64);
  memcpy(bytes, r.bytes, (size_t)r.end[t->rows - 1]);
  t->v = (text_column){bytes, r.end};
  t->value = r.values;
  free(r.more);
  free(r.narrow);
  free(r.reals);
  free(r.flags);
  free(r.bytes);
}

static const kernel_case *find(const char *name) {
  for (size_t g = 0; g < NGROUPS; g++)
    for (const kernel_case *c = GROUPS[g]; c->name != NULL; c++)
      if (strcmp(c->name, name) == 0) return c;
  return NULL;
}

/* The sum of what a kernel wrote: of texts, of their CRC-32. */
static double sum(const result *r, kind of) {
  double s = 0;
  int64_t from = 0;
  for (size_t k = 0; k < r->count; k++) {
    if (of == INT64) s += (double)r->values[k];
    if (of == INT32) s += r->narrow[k];
    if (of == REAL) s += r->reals[k];
    if (of == FLAG) s += r->flags[k];
    if (of == TEXT) {
      s += (double)crc32(0, (const Bytef *)r->bytes + from, (uInt)(r->end[k] - from));
      from = r->end[k];
    }
  }
  return s;
}

static void answer(const kernel_case *c, const table *t, result *r) {
  r->count = t->rows;
  c->run(t, r);
  if (c->kind == NOTHING)
    printf("{\"ns\":0}\n");
  else
    printf("{\"answer\":[[\"%.17g\"]]}\n", sum(r, c->kind));
}

static void measure(const kernel_case *c, const table *t, result *r) {
  int64_t began = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID), used;
  int times = 0;
  do {
    c->run(t, r);
    times++;
    used = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  } while (used < LONG_ENOUGH);
  int64_t took = nanoseconds(CLOCK_MONOTONIC) - began;
  printf("{\"ns\":%.0f,\"cpu\":%.0f}\n", (double)took / times, (double)used / times);
}

static void list(void) {
  const char *comma = "";
  printf("{\"ns\":0,\"cases\":[");
  for (size_t g = 0; g < NGROUPS; g++)
    for (const kernel_case *c = GROUPS[g]; c->name != NULL; c++, comma = ",")
      printf("%s\"%s\"", comma, c->name);
  printf("]}\n");
}

int main(int argc, char **argv) {
  static table t;
  static result r;
  char line[256], command[16], name[128];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int words = sscanf(line, "%15s %127s", command, name);
    const kernel_case *c = words == 2 ? find(name) : NULL;
    if (strcmp(command, "quit") == 0) return 0;
    if (strcmp(command, "list") == 0) {
      list();
    } else if (strcmp(command, "load") == 0 && argc > 1) {
      t = load(argv[1]);
      make_variants(&t);
      r = results(t.rows);
      list();
    } else if (c == NULL || t.rows == 0) {
      printf("{\"error\":\"no such case\"}\n");
    } else {
      (strcmp(command, "answer") == 0 ? answer : measure)(c, &t, &r);
    }
    fflush(stdout);
  }
  return 0;
}
