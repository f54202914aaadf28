/* Calls of catalogue functions in unit tests: arguments and answers are texts.
**
**     want("2", "+", "INT:1", "INT:1", NULL);         value of a call, as CAST AS STRING prints it
**     want("!DIVIDE_BY_ZERO", "/", "INT:1", "INT:0", NULL);  the condition it fails with
**
** "TYPE:text" is the text cast to the type; "TYPE:NULL" a null of it, "VOID:NULL" an untyped
** one. */
#ifndef MILL_SPEC_KERNEL_CALL_H
#define MILL_SPEC_KERNEL_CALL_H

#include <stdarg.h>
#include <stdlib.h>

#include "../check.h"
#include "base/text.h"
#include "base/timezone.h"
#include "kernel/cast.h"
#include "kernel/function.h"

typedef struct bench {
  mill_memory *memory;
  mill_types *types;
  mill_context ctx;
  mill_settings set;
  mill_arena arena;
  mill_error err;
  mill_text text;
  const mill_type *result; /* of the last call */
} bench;

static bench B;

static inline void bench_open(void) {
  B.memory = mill_memory_new(0);
  B.types = mill_types_new(B.memory);
  B.ctx = (mill_context){.memory = B.memory, .types = B.types, .zones = mill_zones_new(B.memory)};
  B.set = (mill_settings){.ansi = true, .zone_name = "UTC", .times = true};
  mill_arena_init(&B.arena, B.memory);
  mill_text_init(&B.text, B.memory);
}

static inline int bench_close(void) {
  mill_text_clear(&B.text);
  mill_arena_clear(&B.arena);
  mill_types_free(B.types);
  mill_zones_free(B.ctx.zones);
  CHECK(mill_memory_read(B.memory).used == 0, "nothing leaks");
  mill_memory_free(B.memory);
  return check_done();
}

static inline const mill_type *type_named(const char *s, size_t n) {
  int p = 0, k = 0;
  if (sscanf(s, "DECIMAL(%d,%d)", &p, &k) == 2) return mill_type_decimal(B.types, p, k);
  if (n == 13 && memcmp(s, "ARRAY<STRING>", n) == 0)
    return mill_type_array(B.types, mill_type_of(MILL_STRING), true);
  if (n == 10 && memcmp(s, "ARRAY<INT>", n) == 0)
    return mill_type_array(B.types, mill_type_of(MILL_INT), true);
  static const mill_type_id dt[] = {MILL_INTERVAL_YM, MILL_INTERVAL_DT};
  for (int t = 0; t < 2; t++)
    for (int a = 0; a < 4; a++)
      for (int b = a; b < (t ? 4 : 2); b++) {
        mill_text x;
        mill_text_init(&x, B.memory);
        const mill_type *ty = mill_type_interval(B.types, dt[t], a, b);
        bool same = mill_type_sql(ty, &x, &B.err) == MILL_OK && strlen(x.data) == n &&
                    memcmp(x.data, s, n) == 0;
        mill_text_clear(&x);
        if (same) return ty;
      }
  for (int id = 0; id < MILL_TYPE_COUNT; id++) {
    mill_text x;
    mill_text_init(&x, B.memory);
    bool same = id != MILL_ARRAY && id != MILL_MAP && id != MILL_STRUCT &&
                mill_type_sql(mill_type_of((mill_type_id)id), &x, &B.err) == MILL_OK &&
                strlen(x.data) == n && memcmp(x.data, s, n) == 0;
    mill_text_clear(&x);
    if (same) return mill_type_of((mill_type_id)id);
  }
  return NULL;
}

/* One cast of a constant; *out a constant vector. */
static inline mill_status cast_value(const mill_vector *v, const mill_type *to, mill_cast_mode mode,
                                     mill_vector *out) {
  const mill_type *from = v->type;
  bool nullable = true;
  const char *sql = "x";
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .nargs = 1,
                    .arg_type = &from,
                    .arg_value = &v,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &B.arena};
  MILL_TRY(mill_cast_bind(&b, to, mode, &B.err));
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .result = b.result,
                    .arg_type = &from,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &B.arena,
                    .start = -1};
  mill_vector *flat = mill_arena_alloc(&B.arena, sizeof *flat);
  MILL_TRY(mill_vector_init(flat, b.result, 1, &B.arena, &B.err));
  if (!mill_vector_valid(v, 0)) {
    mill_vector_null(out, b.result);
    return MILL_OK;
  }
  MILL_TRY(b.kernel(&call, &v, 1, flat, &B.err));
  return mill_vector_constant(out, flat, 0, &B.arena, &B.err);
}

static inline mill_vector *value_of(const char *spec) {
  const char *colon = strchr(spec, ':');
  mill_vector *v = mill_arena_alloc(&B.arena, sizeof *v);
  const mill_type *t = type_named(spec, (size_t)(colon - spec));
  if (t == NULL) printf("# no type %s\n", spec);
  mill_str *s = mill_arena_alloc(&B.arena, sizeof *s);
  *s = mill_str_view(colon + 1, strlen(colon + 1));
  mill_vector str = {.type = mill_type_of(MILL_STRING), .data = s, .size = 1};
  if (strcmp(colon + 1, "NULL") == 0)
    mill_vector_null(v, t);
  else if (t->id == MILL_STRING)
    *v = str;
  else if (t && (t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT) &&
           !strpbrk(colon + 2, "-: ")) {
    int64_t units = atoll(colon + 1); /* of the last field */
    mill_vector number = {.type = mill_type_of(MILL_BIGINT), .data = &units, .size = 1};
    if (cast_value(&number, t, MILL_CAST_ANSI, v) != MILL_OK) printf("# %s\n", spec);
  } else if (cast_value(&str, t, MILL_CAST_ANSI, v) != MILL_OK)
    printf("# %s: %s\n", spec, mill_error_message(&B.err));
  return v;
}

static inline const char *text_of(const mill_vector *v) {
  mill_text_reset(&B.text);
  if (mill_value_text(&B.set, v, 0, &B.text, &B.err) != MILL_OK) return "?";
  return B.text.data ? B.text.data : "";
}

/* Cast the arguments as bound, apply the null rule, run the kernel on one row. */
static inline mill_status run_call(mill_binding *b, mill_vector **args, mill_vector *out) {
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = b->fn,
                    .result = b->result,
                    .arg_type = b->cast_to,
                    .nargs = b->nargs,
                    .state = b->state,
                    .arena = &B.arena,
                    .start = -1};
  const mill_vector *in[16];
  bool null = false;
  for (int i = 0; i < b->nargs; i++) {
    mill_vector *v = mill_arena_alloc(&B.arena, sizeof *v);
    *v = *args[i];
    if (v->type != b->cast_to[i]) {
      mill_vector x = *v;
      MILL_TRY(cast_value(&x, b->cast_to[i], MILL_CAST_ANSI, v));
    }
    in[i] = v;
    null |= v->type->id == MILL_NULL || !mill_vector_valid(v, 0);
  }
  mill_vector flat;
  MILL_TRY(mill_vector_init(&flat, b->result, 1, &B.arena, &B.err));
  if (null && !(b->fn->flags & MILL_FN_NULLS)) {
    mill_vector_null(out, b->result);
    return MILL_OK;
  }
  if (b->kernel == NULL) return MILL_E_INTERNAL_ERROR;
  MILL_TRY(b->kernel(&call, in, 1, &flat, &B.err));
  return mill_vector_constant(out, &flat, 0, &B.arena, &B.err);
}

static inline const char *answer(const char *name, mill_vector **args, int nargs) {
  const mill_type *type[16];
  const mill_vector *value[16];
  bool nullable[16];
  const char *sql[16];
  for (int i = 0; i < nargs; i++) {
    type[i] = args[i]->type;
    value[i] = args[i];
    nullable[i] = type[i]->id == MILL_NULL || !mill_vector_valid(args[i], 0);
    sql[i] = "x";
  }
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = mill_function_find(name, strlen(name)),
                    .name = name,
                    .nargs = nargs,
                    .arg_type = type,
                    .arg_value = value,
                    .arg_nullable = nullable,
                    .arg_sql = sql,
                    .arena = &B.arena};
  mill_vector out;
  mill_error_clear(&B.err);
  if (b.fn == NULL) return "!no such function";
  mill_status s = mill_function_bind(&b, &B.err);
  B.result = b.result;
  if (s == MILL_OK) s = run_call(&b, args, &out);
  if (s == MILL_OK) return text_of(&out);
  mill_text_reset(&B.text);
  if (mill_text_printf(&B.text, &B.err, "!%s", mill_condition_name(s)) != MILL_OK) return "?";
  return B.text.data;
}

static inline void want(const char *expected, const char *name, ...) {
  mill_vector *args[16];
  int n = 0;
  va_list ap;
  va_start(ap, name);
  for (const char *a; (a = va_arg(ap, const char *)) != NULL;) args[n++] = value_of(a);
  va_end(ap);
  const char *got = answer(name, args, n);
  CHECK(strcmp(got, expected) == 0, "%s: got <%s> want <%s>", name, got, expected);
}

/* The SQL text of the last call's type. */
static inline void want_type(const char *expected) {
  mill_text_reset(&B.text);
  if (B.result == NULL || mill_type_sql(B.result, &B.text, &B.err) != MILL_OK) return;
  CHECK_STR(B.text.data, expected);
}

/* An aggregate over up to 16 rows given as columns of texts ("1;2;NULL"), computed in one go and
** again through two partial states that travel; both must agree. `extra`: a constant last
** argument. */
static inline mill_vector *column_of(const mill_type *t, const char *list) {
  mill_vector *v = mill_arena_alloc(&B.arena, sizeof *v);
  if (mill_vector_init(v, t, 16, &B.arena, &B.err) != MILL_OK) return v;
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, ";");
    mill_vector str, one;
    mill_str *s = mill_arena_alloc(&B.arena, sizeof *s);
    *s = mill_str_view(p, n);
    str = (mill_vector){.type = mill_type_of(MILL_STRING), .data = s, .size = 1};
    if (n == 4 && memcmp(p, "NULL", 4) == 0)
      mill_vector_null(&one, t);
    else if (t->id == MILL_STRING)
      one = str;
    else if (cast_value(&str, t, MILL_CAST_ANSI, &one) != MILL_OK)
      printf("# %s\n", mill_error_message(&B.err));
    if (mill_vector_append(v, &one, NULL, 1, true, &B.arena, &B.err) != MILL_OK) return v;
    p += n + (p[n] == ';');
  }
  return v;
}

static inline mill_status run_rows(mill_call *call, const mill_aggregate *a, void *state,
                                   const mill_vector *const *args, uint32_t from, uint32_t n) {
  void *states[16];
  const mill_vector *part[4];
  mill_vector slice[4];
  uint32_t sel[16];
  for (uint32_t i = 0; i < n; i++) states[i] = state, sel[i] = from + i;
  for (int k = 0; k < call->nargs; k++) {
    MILL_TRY(mill_vector_gather(&slice[k], args[k], sel, n, false, &B.arena, &B.err));
    part[k] = &slice[k];
  }
  return n ? a->update(call, states, part, n, &B.err) : MILL_OK;
}

static inline mill_status finish(mill_call *call, const mill_binding *b, void *state,
                                 mill_vector *out) {
  mill_vector *flat = mill_arena_alloc(&B.arena, sizeof *flat);
  MILL_TRY(mill_vector_init(flat, b->result, 1, &B.arena, &B.err));
  MILL_TRY(b->aggregate->final(call, &state, 1, flat, &B.err));
  return mill_vector_constant(out, flat, 0, &B.arena, &B.err);
}

/* Rows [0, half) and [half, n) in states of their own, the second merged into the first. */
static inline mill_status run_split(mill_call *call, const mill_binding *b,
                                    const mill_vector *const *args, uint32_t n, uint32_t half,
                                    mill_vector *out) {
  const mill_aggregate *a = b->aggregate;
  void *state[3];
  for (int k = 0; k < 3; k++) {
    state[k] = mill_arena_alloc(&B.arena, a->state_size);
    if (a->init) a->init(call, state[k]);
  }
  MILL_TRY(run_rows(call, a, state[0], args, 0, half));
  MILL_TRY(run_rows(call, a, state[1], args, half, n - half));
  for (int k = 0; k < 2; k++) {
    mill_vector saved;
    MILL_TRY(mill_vector_init(&saved, b->partial, 1, &B.arena, &B.err));
    MILL_TRY(a->save(call, &state[k], 1, &saved, &B.err));
    MILL_TRY(a->merge(call, &state[2], &saved, 1, &B.err));
  }
  return finish(call, b, state[2], out);
}

static inline mill_status run_aggregate(mill_binding *b, const mill_vector **args, uint32_t n,
                                        mill_vector *whole, mill_vector *split) {
  mill_call call = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = b->fn,
                    .result = b->result,
                    .arg_type = b->cast_to,
                    .nargs = b->nargs,
                    .state = b->state,
                    .arena = &B.arena,
                    .start = -1};
  for (int k = 0; k < b->nargs; k++) { /* casts, row by row */
    if (args[k]->type == b->cast_to[k]) continue;
    mill_vector *v = mill_arena_alloc(&B.arena, sizeof *v), one, to;
    MILL_TRY(mill_vector_init(v, b->cast_to[k], 16, &B.arena, &B.err));
    for (uint32_t i = 0; i < n; i++) {
      MILL_TRY(mill_vector_constant(&one, args[k], i, &B.arena, &B.err));
      MILL_TRY(cast_value(&one, b->cast_to[k], MILL_CAST_ANSI, &to));
      MILL_TRY(mill_vector_append(v, &to, NULL, 1, true, &B.arena, &B.err));
    }
    args[k] = v;
  }
  void *state = mill_arena_alloc(&B.arena, b->aggregate->state_size);
  if (b->aggregate->init) b->aggregate->init(&call, state);
  if (b->aggregate->update_all)
    MILL_TRY(b->aggregate->update_all(&call, state, args, n, &B.err));
  else
    MILL_TRY(run_rows(&call, b->aggregate, state, args, 0, n));
  MILL_TRY(finish(&call, b, state, whole));
  return run_split(&call, b, args, n, n / 2, split);
}

/* args: "TYPE:v;v;v" columns, or "=TYPE:v" constants; ended by NULL. */
static inline void want_agg(const char *expected, const char *name, ...) {
  const mill_vector *args[4], *value[4];
  const mill_type *type[4];
  bool nullable[4] = {true, true, true, true};
  const char *sql[4] = {"x", "x", "x", "x"};
  int k = 0;
  uint32_t n = 0;
  va_list ap;
  va_start(ap, name);
  for (const char *a; (a = va_arg(ap, const char *)) != NULL; k++) {
    bool constant = *a == '=';
    a += constant;
    const char *colon = strchr(a, ':');
    mill_vector *v =
        constant ? value_of(a) : column_of(type_named(a, (size_t)(colon - a)), colon + 1);
    args[k] = v;
    value[k] = constant ? v : NULL;
    type[k] = v->type;
    if (!constant) n = v->size;
  }
  va_end(ap);
  mill_binding b = {.ctx = &B.ctx,
                    .set = &B.set,
                    .fn = mill_function_find(name, strlen(name)),
                    .name = name,
                    .nargs = k,
                    .arg_type = type,
                    .arg_value = value,
                    .arg_nullable = nullable,
                    .arg_sql = sql,
                    .arena = &B.arena};
  mill_vector whole, split;
  mill_error_clear(&B.err);
  B.result = NULL;
  mill_status s = b.fn ? mill_function_bind(&b, &B.err) : MILL_E_INTERNAL_ERROR;
  if (s == MILL_OK) s = run_aggregate(&b, args, n, &whole, &split);
  B.result = b.result;
  if (s != MILL_OK) {
    bool same = *expected == '!' && strcmp(mill_condition_name(s), expected + 1) == 0;
    CHECK(same, "%s: %s %s", name, mill_condition_name(s), mill_error_message(&B.err));
    return;
  }
  const char *got = text_of(&whole);
  CHECK(strcmp(got, expected) == 0, "%s: got <%s> want <%s>", name, got, expected);
  got = text_of(&split);
  CHECK(strcmp(got, expected) == 0, "%s merged: got <%s> want <%s>", name, got, expected);
}

#endif
