/* sequence: an array from one value to another by a step.
**
** Integers step by a number, 1 towards the end where none is given. Dates and times step by an
** interval, a day where none is given; months are counted from the start, so that the days of long
** months come back. */
#include "base/calendar.h"
#include "kernel/bytes_int.h"
#include "kernel/list_int.h"

enum { MOST_ELEMENTS = INT32_MAX - 15 };

static mill_status boundaries(mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_LEGACY_3235, NULL);
}

static mill_status too_many(mill_call *call, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_COLLECTION_SIZE_LIMIT_EXCEEDED_PARAMETER,
                        "numberOfElements", "more", "maxRoundedArrayLength", "2147483632",
                        "functionName", "`sequence`", "parameter", "`start`, `stop` and `step`",
                        NULL);
}

static void store(mill_vector *list, uint32_t at, int64_t v) {
  switch (list->type->phys) {
  case MILL_PHYS_I8: ((int8_t *)list->data)[at] = (int8_t)v; break;
  case MILL_PHYS_I16: ((int16_t *)list->data)[at] = (int16_t)v; break;
  case MILL_PHYS_I32: ((int32_t *)list->data)[at] = (int32_t)v; break;
  default: ((int64_t *)list->data)[at] = v; break;
  }
}

/* Row i has count numbers. */
static mill_status put_numbers(mill_call *call, mill_vector *out, size_t i, int64_t from,
                               int64_t step, mill_i128 count, mill_error *err) {
  mill_vector *list = &out->child[0];
  if (count > MOST_ELEMENTS) return too_many(call, err);
  uint32_t start = list->size;
  if (count > UINT32_MAX - start) return mill_oom(call->arena->memory, SIZE_MAX, err);
  MILL_TRY(mill_vector_reserve(list, start + (uint32_t)count, call->arena, err));
  for (uint32_t k = 0; k < (uint32_t)count; k++) {
    if (k % LIST_LONG == LIST_LONG - 1) MILL_TRY(mill_watch_check(err));
    store(list, start + k, (int64_t)((uint64_t)from + (uint64_t)step * k));
  }
  list->size = start + (uint32_t)count;
  ((mill_span *)out->data)[i] = (mill_span){start, (uint32_t)count};
  return MILL_OK;
}

KERNEL_HEAD(k_numbers) {
  MILL_EACH(out, n, i) {
    mill_i128 from = mill_int_at(args[0], i), to = mill_int_at(args[1], i);
    mill_i128 step = call->nargs > 2 ? mill_int_at(args[2], i) : from <= to ? 1 : -1;
    if ((step > 0 && from > to) || (step < 0 && from < to) || (step == 0 && from != to))
      return boundaries(call, err);
    mill_i128 count = from == to ? 1 : (to - from) / step + 1;
    MILL_TRY(put_numbers(call, out, i, (int64_t)from, (int64_t)step, count, err));
  }
  return MILL_OK;
}

/* ---- dates and times ------------------------------------------------------------------------ */

static mill_interval step_of(const mill_call *call, const mill_vector *const *args, size_t i,
                             bool forward) {
  if (call->nargs < 3) return (mill_interval){0, forward ? 1 : -1, 0};
  const mill_vector *v = args[2];
  if (v->type->id == MILL_INTERVAL) return MILL_AT(mill_interval, v, i);
  if (v->type->id == MILL_INTERVAL_YM) return (mill_interval){MILL_AT(int32_t, v, i), 0, 0};
  int64_t micros = MILL_AT(int64_t, v, i);
  if (micros % MILL_MICROS_DAY == 0)
    return (mill_interval){0, (int32_t)(micros / MILL_MICROS_DAY), 0};
  return (mill_interval){0, 0, micros};
}

/* Step number k from a local time, as an instant. */
static bool nth(const mill_zone *z, int64_t local, mill_interval s, int64_t k, int64_t *out) {
  int64_t day = mill_floor_div(local, MILL_MICROS_DAY), rest = local - day * MILL_MICROS_DAY;
  if (s.months) day = mill_add_months(day, s.months * k);
  day += s.days * k;
  return !__builtin_mul_overflow(day, MILL_MICROS_DAY, &local) &&
         mill_zone_to_utc(z, local + rest, out) && !__builtin_add_overflow(*out, s.micros * k, out);
}

static mill_status time_row(mill_call *call, const mill_vector *const *args, size_t i,
                            const mill_zone *z, int64_t unit, mill_vector *out, mill_error *err) {
  mill_vector *list = &out->child[0];
  int64_t from = (int64_t)mill_int_at(args[0], i) * unit, at;
  int64_t to = (int64_t)mill_int_at(args[1], i) * unit;
  mill_interval s = step_of(call, args, i, from <= to);
  mill_i128 length =
      (mill_i128)s.months * 30 * MILL_MICROS_DAY + s.days * MILL_MICROS_DAY + s.micros;
  if (unit > 1 && s.micros) return boundaries(call, err);
  if ((length > 0 && from > to) || (length < 0 && from < to) || (length == 0 && from != to))
    return boundaries(call, err);
  if (unit > 1 && s.months == 0 && s.days) /* dates a number of days apart */
    return put_numbers(call, out, i, from / unit, s.days, (to - from) / unit / s.days + 1, err);
  uint32_t start = list->size;
  int64_t local = mill_zone_to_local(z, from);
  for (int64_t k = 0; nth(z, local, s, k, &at) && (length >= 0 ? at <= to : at >= to); k++) {
    if (k >= MOST_ELEMENTS) return too_many(call, err);
    MILL_TRY(mill_vector_reserve(list, list->size + 1, call->arena, err));
    store(list, list->size++, mill_floor_div(at, unit));
    if (length == 0) break;
  }
  ((mill_span *)out->data)[i] = (mill_span){start, list->size - start};
  return MILL_OK;
}

KERNEL_HEAD(k_times) {
  mill_type_id id = args[0]->type->id;
  const mill_zone *z = id == MILL_TIMESTAMP ? mill_session_zone(call->set) : mill_zone_utc();
  int64_t unit = id == MILL_DATE ? MILL_MICROS_DAY : 1;
  MILL_EACH(out, n, i) MILL_TRY(time_row(call, args, i, z, unit, out, err));
  return MILL_OK;
}

static bool is_time(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

static bool is_step(const mill_type *t) {
  return t->id == MILL_INTERVAL || t->id == MILL_INTERVAL_YM || t->id == MILL_INTERVAL_DT ||
         t->id == MILL_NULL;
}

static mill_status wrong_types(mill_binding *b, mill_error *err) {
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_SEQUENCE_WRONG_INPUT_TYPES, "sqlExpr",
                   mill_bind_sql(b, err), "functionName", "`sequence`", "startType",
                   "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")", "stepType",
                   "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")",
                   "otherStartType", "\"INTEGRAL\"", NULL);
}

static mill_status bind_sequence(mill_binding *b, mill_error *err) {
  int numbers = b->nargs;
  const mill_type *t = mill_common_type(b->ctx->types, b->arg_type[0], b->arg_type[1]);
  bool time = t && is_time(t);
  if (time && b->nargs > 2 && b->arg_type[2]->id == MILL_STRING)
    b->cast_to[2] = mill_type_of(MILL_INTERVAL);
  else if (time && b->nargs > 2 && !is_step(b->arg_type[2]))
    return wrong_types(b, err);
  if (time && b->nargs > 2 && b->arg_type[2]->id == MILL_NULL)
    b->cast_to[2] = mill_type_of(MILL_INTERVAL);
  for (int i = 2; t && !time && i < numbers; i++)
    t = mill_common_type(b->ctx->types, t, b->arg_type[i]);
  if (t && t->id == MILL_NULL) t = mill_type_of(MILL_INT);
  if (t == NULL || (!time && !mill_type_integral(t))) return wrong_types(b, err);
  for (int i = 0; i < (time ? 2 : numbers); i++) b->cast_to[i] = t;
  b->kernel = time ? k_times : k_numbers;
  b->result = mill_type_array(b->ctx->types, t, false);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, 1, err);
}

const mill_function mill_family_sequence[] = {{.name = "sequence",
                                               .types = "any, any, any?",
                                               .bind = bind_sequence,
                                               .kernel = k_numbers,
                                               .usage = "sequence(start, stop[, step])",
                                               .doc = "The values from start to stop by a step.",
                                               .example = "SELECT sequence(1, 5) -> [1,2,3,4,5]"},
                                              {0}};
