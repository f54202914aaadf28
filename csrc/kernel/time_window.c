/* Windows of event time: window, session_window, window_time.
**
** A window is STRUCT<start, end> of the time's own type, start included and end not. Window k of
** width w, slide s and start o covers [o + k s, o + k s + w); a time stands in w / s of them,
** rounded up. With s = w (tumbling) there is one, and `window` is a plain function; else the planner
** (plan/time_window.c) puts the hidden generator sliding_window in its place, which makes a row for
** each window around the time, the latest first. session_window gives [t, t + gap); the planner
** merges those that touch where it groups by them. All arithmetic is on microseconds: TIMESTAMP
** counts from 1970-01-01 UTC, TIMESTAMP_NTZ from the same local date. */
#include "base/calendar.h"
#include "base/divide.h"
#include "kernel/kernel_int.h"

typedef struct slices {
  int64_t width, slide, start;
} slices;

/* ---- durations ------------------------------------------------------------------------------ */

static mill_status bad_duration(mill_binding *b, int i, mill_error *err) {
  return mill_fail(err, MILL_E_LEGACY_1207, "expr", mill_arg_sql(b, i), NULL);
}

/* A text as an interval: null where it is none. */
static mill_status text_duration(mill_binding *b, int i, int64_t *out, mill_error *err) {
  mill_vector v;
  b->cast_to[i] = mill_type_of(MILL_INTERVAL);
  MILL_TRY(mill_bind_constant(b, i, &v, err));
  b->cast_to[i] = b->arg_type[i];
  if (!mill_vector_valid(&v, 0)) {
    const mill_str *s = b->arg_value[i]->data;
    return mill_fail(err, MILL_E_CANNOT_PARSE_INTERVAL, "intervalString",
                     mill_error_fmt(err, "'%.*s'", (int)s->size, mill_str_data(s)), NULL);
  }
  mill_interval d = *(const mill_interval *)v.data;
  if (d.months != 0)
    return mill_fail(err, MILL_E_LEGACY_3231, "interval", mill_arg_sql(b, i), NULL);
  if (__builtin_mul_overflow((int64_t)d.days, MILL_MICROS_DAY, out) ||
      __builtin_add_overflow(*out, d.micros, out))
    return bad_duration(b, i, err);
  return MILL_OK;
}

/* Argument i, an interval's text or microseconds. */
static mill_status duration(mill_binding *b, int i, int64_t *out, mill_error *err) {
  const mill_vector *v = b->arg_value[i];
  if (v == NULL || !mill_vector_valid(v, 0)) return bad_duration(b, i, err);
  if (b->arg_type[i]->id == MILL_STRING) return text_duration(b, i, out, err);
  if (b->arg_type[i]->id != MILL_INT && b->arg_type[i]->id != MILL_BIGINT)
    return bad_duration(b, i, err);
  *out = (int64_t)mill_int_at(v, 0);
  return MILL_OK;
}

static const char *slices_sql(mill_binding *b, const slices *w, mill_error *err) {
  return mill_error_fmt(err, "\"window(%s, %lld, %lld, %lld)\"", mill_arg_sql(b, 0),
                        (long long)w->width, (long long)w->slide, (long long)w->start);
}

static mill_status not_positive(mill_binding *b, const slices *w, const char *name, int64_t value,
                                mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_VALUE_OUT_OF_RANGE, "sqlExpr",
                   slices_sql(b, w, err), "exprName", name, "valueRange",
                   "(0, 9223372036854775807]", "currentValue",
                   mill_error_fmt(err, "%lldL", (long long)value), NULL);
}

static mill_status violated(mill_binding *b, const slices *w, const char *left, int64_t value,
                            const char *constraint, const char *right, int64_t other,
                            mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_PARAMETER_CONSTRAINT_VIOLATION, "sqlExpr",
                   slices_sql(b, w, err), "leftExprName", left, "leftExprValue",
                   mill_error_fmt(err, "%lldL", (long long)value), "constraint", constraint,
                   "rightExprName", right, "rightExprValue",
                   mill_error_fmt(err, "%lldL", (long long)other), NULL);
}

static mill_status check_slices(mill_binding *b, const slices *w, mill_error *err) {
  int64_t start = w->start < 0 ? -w->start : w->start;
  if (w->width <= 0) return not_positive(b, w, "`window_duration`", w->width, err);
  if (w->slide <= 0) return not_positive(b, w, "`slide_duration`", w->slide, err);
  if (w->slide > w->width)
    return violated(b, w, "`slide_duration`", w->slide, "<=", "`window_duration`", w->width, err);
  if (start >= w->slide)
    return violated(b, w, "`abs(start_time)`", start, "<", "`slide_duration`", w->slide, err);
  return MILL_OK;
}

/* ---- types ---------------------------------------------------------------------------------- */

static bool is_time(const mill_type *t) {
  return t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

static mill_status window_type(mill_binding *b, const mill_type *time, mill_error *err) {
  const mill_field f[] = {{"start", time, true, NULL}, {"end", time, true, NULL}};
  b->result = mill_type_struct(b->ctx->types, f, 2);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof f, err);
}

/* Argument 0 as a time: what it is cast to in *out. */
static mill_status time_type(mill_binding *b, const char *sql, const mill_type **out,
                             mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool convert = t->id == MILL_NULL || t->id == MILL_STRING || t->id == MILL_DATE;
  *out = convert ? mill_type_of(MILL_TIMESTAMP) : t;
  b->cast_to[0] = *out;
  if (convert || is_time(t)) return MILL_OK;
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr", sql,
                   "paramIndex", "first", "requiredType",
                   "(\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\" or \"STRUCT<start: TIMESTAMP, "
                   "end: TIMESTAMP>\" or \"STRUCT<start: TIMESTAMP_NTZ, end: TIMESTAMP_NTZ>\")",
                   "inputSql", mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0)), "inputType",
                   mill_bind_type_sql(b, t, err), NULL);
}

/* ---- window --------------------------------------------------------------------------------- */

/* Start of the latest window that begins at or before t. */
static int64_t latest_start(const slices *w, mill_divisor slide, int64_t t) {
  int64_t since = t - w->start;
  return (int64_t)((uint64_t)t - ((uint64_t)since - (uint64_t)mill_floor_multiple(slide, since)));
}

static mill_status k_window(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, mill_error *err) {
  const slices *w = call->state;
  mill_divisor slide = mill_divisor_of(w->slide);
  int64_t *start, *end;
  for (int c = 0; c < 2; c++)
    MILL_TRY(mill_vector_reserve(&out->child[c], (uint32_t)n, call->arena, err));
  start = out->child[0].data;
  end = out->child[1].data;
  memset(start, 0, n * sizeof *start);
  memset(end, 0, n * sizeof *end);
  MILL_EACH(out, n, i) {
    start[i] = latest_start(w, slide, MILL_AT(int64_t, args[0], i));
    end[i] = start[i] + w->width;
  }
  out->child[0].size = out->child[1].size = (uint32_t)n;
  return MILL_OK;
}

static mill_status g_sliding(mill_call *call, const mill_vector *const *args, size_t n,
                             uint32_t *counts, mill_vector *out, mill_error *err) {
  const slices *w = call->state;
  mill_divisor slide = mill_divisor_of(w->slide);
  for (size_t i = 0; i < n; i++) {
    counts[i] = 0;
    if (!mill_vector_valid(args[0], i)) continue;
    int64_t t = MILL_AT(int64_t, args[0], i);
    for (int64_t start = latest_start(w, slide, t); start > t - w->width; start -= w->slide) {
      int64_t end = start + w->width;
      mill_vector part[2] = {{.type = out->type->fields[0].type, .data = &start},
                             {.type = out->type->fields[1].type, .data = &end}};
      mill_vector one = {.type = out->type, .child = part};
      MILL_TRY(mill_vector_append(out, &one, NULL, 1, false, call->arena, err));
      counts[i]++;
    }
  }
  return MILL_OK;
}

static mill_status bind_window(mill_binding *b, mill_error *err) {
  slices *w;
  void *mem;
  const mill_type *time;
  MILL_TRY(mill_bind_alloc(b, sizeof *w, &mem, err));
  w = mem;
  MILL_TRY(duration(b, 1, &w->width, err));
  w->slide = w->width;
  if (b->nargs > 2) MILL_TRY(duration(b, 2, &w->slide, err));
  if (b->nargs > 3) MILL_TRY(duration(b, 3, &w->start, err));
  MILL_TRY(time_type(b, slices_sql(b, w, err), &time, err));
  MILL_TRY(check_slices(b, w, err));
  MILL_TRY(window_type(b, time, err));
  b->state = w;
  if (b->fn->kind != MILL_GENERATOR) return MILL_OK;
  const mill_field f = {"window", b->result, true, NULL};
  b->result = mill_type_struct(b->ctx->types, &f, 1);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof f, err);
}

/* ---- sessions and the time of a window ------------------------------------------------------ */

static mill_status k_session(mill_call *call, const mill_vector *const *args, size_t n,
                             mill_vector *out, mill_error *err) {
  for (int c = 0; c < 2; c++)
    MILL_TRY(mill_vector_append(&out->child[c], args[c], NULL, n, false, call->arena, err));
  return MILL_OK;
}

static mill_status bind_session(mill_binding *b, mill_error *err) {
  const mill_type *time;
  MILL_TRY(time_type(
      b, mill_error_fmt(err, "\"sessionwindow(%s, %s)\"", mill_arg_sql(b, 0), mill_arg_sql(b, 1)),
      &time, err));
  const mill_type *gap = b->arg_type[1];
  if (is_time(gap)) { /* what the planner makes of the gap: the end */
    b->cast_to[1] = time;
  } else if (gap->id != MILL_STRING && gap->id != MILL_INTERVAL && gap->id != MILL_NULL) {
    return mill_fail(err, MILL_E_LEGACY_1040, "dt", mill_bind_type_sql(b, gap, err), NULL);
  }
  return window_type(b, time, err);
}

MILL_KERNEL1(last_micros, int64_t, int64_t, (int64_t)((uint64_t)x - 1))

static mill_status k_window_time(mill_call *call, const mill_vector *const *args, size_t n,
                                 mill_vector *out, mill_error *err) {
  if (args[0]->child == NULL) return MILL_OK; /* a constant null */
  const mill_vector *end = &args[0]->child[1];
  return last_micros(call, &end, n, out, err);
}

static mill_status bind_window_time(mill_binding *b, mill_error *err) {
  const mill_type *t = b->arg_type[0];
  bool window = t->id == MILL_STRUCT && t->nfields == 2 && is_time(t->fields[0].type) &&
                t->fields[0].type == t->fields[1].type;
  if (!window) return mill_bind_wrong_type(b, 0, "\"STRUCT\"", err);
  b->result = t->fields[1].type;
  b->nullable = true;
  return MILL_OK;
}

const mill_function mill_family_time_window[] = {
    {.name = "window",
     .types = "any, any, any?, any?",
     .kernel = k_window,
     .bind = bind_window,
     .flags = MILL_FN_NO_RAISE,
     .usage = "window(time, width[, slide[, start]])",
     .doc = "The windows of event time that a time stands in, to group by.",
     .example = "SELECT window(TIMESTAMP '2024-05-06 07:08:09', '10 minutes').start -> 2024-05-06 "
                "07:00:00"},
    {.name = "sliding_window",
     .types = "any, any, any?, any?",
     .kind = MILL_GENERATOR,
     .generate = g_sliding,
     .bind = bind_window,
     .flags = MILL_FN_HIDDEN},
    {.name = "session_window",
     .types = "any, any",
     .kernel = k_session,
     .bind = bind_session,
     .flags = MILL_FN_NO_RAISE,
     .usage = "session_window(time, gap)",
     .doc = "A window that lasts until no time came for as long as the gap, to group by.",
     .example = "SELECT session_window(TIMESTAMP '2024-05-06 07:08:09', '5 minutes').end -> "
                "2024-05-06 07:13:09"},
    {.name = "window_time",
     .types = "any",
     .kernel = k_window_time,
     .bind = bind_window_time,
     .flags = MILL_FN_NO_RAISE,
     .usage = "window_time(window)",
     .doc = "The last microsecond of a window, as event time for a further window.",
     .example = "SELECT window_time(window) FROM (SELECT window(TIMESTAMP '2024-05-06 07:08:09', "
                "'10 minutes')) -> 2024-05-06 07:09:59.999999"},
    {0}};
