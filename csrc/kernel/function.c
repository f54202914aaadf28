/* The catalogue: finding definitions and binding calls; see function.h. Families are listed in
** family.def; argument types are understood by signature.c.
**
** Names and aliases are found in a hash table that the first look-up fills, once a process; it takes
** no memory that could be missing. */
#include "kernel/function.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "kernel/kernel_int.h"

static const mill_function *const families[] = {
#define MILL_FAMILY(name) mill_family_##name,
#include "kernel/family.def"
#undef MILL_FAMILY
};
enum { NFAMILIES = sizeof families / sizeof *families };

/* ---- names ---------------------------------------------------------------------------------- */

typedef struct named {
  const char *name; /* not terminated: aliases stand in lists */
  size_t n;
  const mill_function *fn;
} named;

enum { SLOTS = 4096 }; /* more than twice the names */
static named slots[SLOTS];
static pthread_once_t filled = PTHREAD_ONCE_INIT;

/* FNV-1a over lower-case letters. */
static size_t slot_of(const char *s, size_t n) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++) h = (h ^ ((uint8_t)s[i] | 32)) * 16777619u;
  return (h ^ h >> 15) % SLOTS;
}

/* Its slot, or the free one where it would stand. */
static named *find(const char *name, size_t n) {
  size_t i = slot_of(name, n);
  while (slots[i].fn && (slots[i].n != n || strncasecmp(slots[i].name, name, n) != 0))
    i = (i + 1) % SLOTS;
  return &slots[i];
}

static void add(const char *name, size_t n, const mill_function *fn) {
  named *at = find(name, n);
  if (at->fn == NULL) *at = (named){name, n, fn};
}

static void add_aliases(const mill_function *fn) {
  for (const char *at = fn->alias; at;) {
    const char *comma = strchr(at, ',');
    at += *at == '=';
    add(at, comma ? (size_t)(comma - at) : strlen(at), fn);
    at = comma ? comma + 1 + strspn(comma + 1, " ") : NULL;
  }
}

/* Names before aliases: a name of one function may be the alias of another. */
static void fill(void) {
  for (int f = 0; f < NFAMILIES; f++)
    for (const mill_function *fn = families[f]; fn->name; fn++) add(fn->name, strlen(fn->name), fn);
  for (int f = 0; f < NFAMILIES; f++)
    for (const mill_function *fn = families[f]; fn->name; fn++) add_aliases(fn);
}

const mill_function *mill_function_find(const char *name, size_t n) {
  pthread_once(&filled, fill);
  return find(name, n)->fn;
}

const char *mill_function_printed(const mill_function *fn, const char *name) {
  size_t n = strlen(name);
  if (*name == '~' && n > 1) return name + 1; /* of those that SQL does not know */
  for (const char *at = fn->alias; at && *at;) {
    size_t length = strcspn(at, ",");
    if (*at == '=' && length == n + 1 && strncasecmp(at + 1, name, n) == 0) return fn->name;
    at += length + strspn(at + length, ", ");
  }
  return name;
}

const mill_function *mill_function_at(size_t i) {
  for (int f = 0; f < NFAMILIES; f++)
    for (const mill_function *fn = families[f]; fn->name; fn++)
      if (i-- == 0) return fn;
  return NULL;
}

/* ---- did you mean --------------------------------------------------------------------------- */

enum { MAX_NAME = 64 };

/* Levenshtein distance without regard to case; names longer than MAX_NAME are never close. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
  size_t row[MAX_NAME + 1];
  if (na > MAX_NAME || nb > MAX_NAME) return MAX_NAME;
  for (size_t j = 0; j <= nb; j++) row[j] = j;
  for (size_t i = 1; i <= na; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t change = diagonal + ((a[i - 1] | 32) != (b[j - 1] | 32));
      diagonal = row[j];
      size_t best = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = best < change ? best : change;
    }
  }
  return row[nb];
}

size_t mill_function_similar(const char *name, size_t n, const char **out, size_t max) {
  size_t count = 0, score[16];
  const mill_function *fn;
  if (max > 16) max = 16;
  for (size_t i = 0; max && (fn = mill_function_at(i)) != NULL; i++) {
    if (fn->flags & (MILL_FN_HIDDEN | MILL_FN_OPERATOR)) continue;
    size_t d = distance(fn->name, strlen(fn->name), name, n);
    if (d > (n > 5 ? n / 2 : 2)) continue;
    size_t at = count;
    while (at > 0 && score[at - 1] > d) at--;
    if (at >= max) continue;
    if (count < max) count++;
    for (size_t k = count - 1; k > at; k--) {
      out[k] = out[k - 1];
      score[k] = score[k - 1];
    }
    out[at] = fn->name;
    score[at] = d;
  }
  return count;
}

/* ---- binding -------------------------------------------------------------------------------- */

mill_status mill_function_check_count(mill_binding *b, mill_error *err) {
  return mill_bind_count(b, b->fn->types, err);
}

mill_status mill_bind_times(const mill_binding *b, mill_error *err) {
  return b->set->times ? MILL_OK : mill_fail(err, MILL_E_UNSUPPORTED_TIME_TYPE, NULL);
}

/* Nanoseconds among the arguments are seen as the timestamps that they are cast to. */
static mill_status by_micros(mill_binding *b, mill_error *err) {
  size_t n = (size_t)b->nargs, counting = 0;
  for (size_t i = 0; i < n; i++) counting += mill_type_is_nanos(b->arg_type[i]);
  if (counting == 0) return MILL_OK;
  const mill_type **types = mill_arena_alloc(b->arena, (n + 1) * sizeof *types);
  const mill_vector **values = mill_arena_alloc(b->arena, (n + 1) * sizeof *values);
  if (types == NULL || values == NULL) return mill_oom(b->arena->memory, n * sizeof *types, err);
  for (size_t i = 0; i < n; i++) {
    bool nanos = mill_type_is_nanos(b->arg_type[i]);
    bool instant = b->arg_type[i]->id == MILL_TIMESTAMP_NANOS;
    types[i] = nanos ? mill_type_of(instant ? MILL_TIMESTAMP : MILL_TIMESTAMP_NTZ) : b->arg_type[i];
    values[i] = nanos ? NULL : b->arg_value[i];
  }
  b->arg_type = types;
  b->arg_value = values;
  return MILL_OK;
}

mill_status mill_function_bind(mill_binding *b, mill_error *err) {
  const mill_function *fn = b->fn;
  const mill_type **cast_to = mill_arena_alloc(b->arena, (size_t)(b->nargs + 1) * sizeof *cast_to);
  if (cast_to == NULL) return mill_oom(b->arena->memory, (size_t)b->nargs * sizeof *cast_to, err);
  if (fn->flags & MILL_FN_MICROS) MILL_TRY(by_micros(b, err));
  for (int i = 0; i < b->nargs; i++) cast_to[i] = b->arg_type[i];
  b->cast_to = cast_to;
  b->kernel = fn->kernel;
  b->aggregate = fn->aggregate;
  b->generate = fn->generate;
  b->result = b->partial = NULL;
  b->state = NULL;
  b->shown = b->stands_for = NULL;
  b->tries = false;
  b->voids = 0;
  MILL_TRY(mill_bind_count(b, fn->types, err));
  if (fn->flags & MILL_FN_TIME) MILL_TRY(mill_bind_times(b, err));
  mill_bind_nullable(b);
  return fn->bind ? fn->bind(b, err) : mill_bind_types(b, fn->types, err);
}

void mill_bind_nullable(mill_binding *b) {
  b->nullable = false;
  for (int i = 0; i < b->nargs; i++) b->nullable |= b->arg_nullable[i];
  if (b->fn->flags & MILL_FN_NULLABLE) b->nullable = true;
  if (b->fn->flags & MILL_FN_NEVER_NULL) b->nullable = false;
}

mill_status mill_call_fail(const mill_call *call, mill_error *err, mill_status condition, ...) {
  const char *pair[2 * MILL_ERROR_PARAMS + 2] = {NULL};
  int n = 0;
  va_list ap;
  va_start(ap, condition);
  for (const char *name; n < 2 * MILL_ERROR_PARAMS && (name = va_arg(ap, const char *)) != NULL;) {
    pair[n++] = name;
    pair[n++] = va_arg(ap, const char *);
  }
  va_end(ap);
  mill_status s = mill_fail(err, condition, pair[0], pair[1], pair[2], pair[3], pair[4], pair[5],
                            pair[6], pair[7], pair[8], pair[9], NULL);
  if (call->start >= 0) mill_error_in(err, call->text, (size_t)call->start, (size_t)call->stop);
  return s;
}
