/* CAST: binding, faults, and casts of nested values; see cast.h. Each target has a file of its own:
** cast_number.c, cast_decimal.c, cast_text.c, cast_datetime.c, cast_interval.c; to VARIANT variant.c,
** from it variant_get.c.
**
** A bound cast is a tree of plans that follows the types. Nested values are cast child by child:
** the elements in use are gathered, cast as one vector and put under fresh spans; the children of a
** struct inherit the nulls of their parent, so that what no row shows cannot fail. */
#include "kernel/cast_int.h"

#include "base/number.h"
#include "kernel/coerce.h"

enum { MAX_DEPTH = 1000 };

/* ---- faults --------------------------------------------------------------------------------- */

/* Fractions have no literal here that says their type, but for doubles. */
static const char *value_sql(mill_call *call, const mill_vector *v, size_t i, mill_error *err) {
  bool fraction = v->type->id == MILL_FLOAT || v->type->id == MILL_DOUBLE;
  double d = !fraction                    ? 0
             : v->type->id == MILL_DOUBLE ? MILL_AT(double, v, i)
                                          : (double)MILL_AT(float, v, i);
  if (d - d != 0) return d != d ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
  if (v->type->id == MILL_FLOAT) {
    char text[MILL_DOUBLE_TEXT];
    mill_float_text(MILL_AT(float, v, i), text);
    return mill_error_fmt(err, "%s", text);
  }
  mill_text text;
  mill_text_init(&text, call->ctx->memory);
  mill_status s = mill_value_sql(call->set, v, i, &text, err);
  const char *out = s == MILL_OK ? mill_error_fmt(err, "%.200s", text.data) : "?";
  mill_text_clear(&text);
  return out;
}

mill_status mill_cast_invalid(mill_call *call, const mill_vector *v, size_t i, mill_vector *out,
                              mill_error *err) {
  const cast_plan *plan = call->state;
  mill_memory *m = call->ctx->memory;
  if (!plan->strict) return mill_set_null(call, out, i, err);
  const mill_type *from = plan->from;
  if (from->id == MILL_FLOAT && plan->to->id == MILL_TIMESTAMP) from = mill_type_of(MILL_DOUBLE);
  return mill_call_fail(call, err, MILL_E_CAST_INVALID_INPUT, "expression",
                        value_sql(call, v, i, err), "sourceType", mill_type_quoted(m, from, err),
                        "targetType", mill_type_quoted(m, plan->to, err), "ansiConfig",
                        "\"spark.sql.ansi.enabled\"", NULL);
}

mill_status mill_cast_overflow(mill_call *call, const mill_vector *v, size_t i, mill_vector *out,
                               mill_error *err) {
  const cast_plan *plan = call->state;
  mill_memory *m = call->ctx->memory;
  if (!plan->strict) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_CAST_OVERFLOW, "value", value_sql(call, v, i, err),
                        "sourceType", mill_type_quoted(m, plan->from, err), "targetType",
                        mill_type_quoted(m, plan->to, err), "ansiConfig",
                        "\"spark.sql.ansi.enabled\"", NULL);
}

mill_status mill_cast_too_wide(mill_call *call, const char *text, size_t i, mill_vector *out,
                               mill_error *err) {
  const cast_plan *plan = call->state;
  if (!plan->strict) return mill_set_null(call, out, i, err);
  return mill_call_fail(call, err, MILL_E_NUMERIC_VALUE_OUT_OF_RANGE_WITH_SUGGESTION, "value",
                        mill_error_fmt(err, "%s", text), "precision",
                        mill_error_fmt(err, "%d", plan->to->precision), "scale",
                        mill_error_fmt(err, "%d", plan->to->scale), "config",
                        "\"spark.sql.ansi.enabled\"", NULL);
}

/* ---- nested values -------------------------------------------------------------------------- */

CAST_KERNEL(from_null) {
  (void)args;
  for (size_t i = 0; i < n; i++) MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}

/* The value is the same, only its type's name differs. */
CAST_KERNEL(same_bytes) {
  int32_t *pick;
  if (out->type->phys != MILL_PHYS_LIST && out->type->phys != MILL_PHYS_STRUCT) {
    (void)call;
    mill_copy_fixed(out, args[0], n);
    return MILL_OK;
  }
  pick = mill_arena_alloc(call->arena, (n + 1) * sizeof *pick);
  if (pick == NULL) return mill_oom(call->arena->memory, n * sizeof *pick, err);
  return mill_pick_rows(call, args, pick, n, out, err);
}

/* Validity of the child's rows: its own and (struct children) the parent's. */
static mill_status child_valid(mill_call *call, mill_vector *out, const mill_vector *in, size_t n,
                               const mill_vector *parent, mill_error *err) {
  for (size_t i = 0; i < n; i++) {
    bool ok = mill_vector_valid(in, i) && (parent == NULL || mill_valid_bit(parent->valid, i));
    if (!ok) MILL_TRY(mill_vector_set_null(out, i, call->arena, err));
  }
  return MILL_OK;
}

static mill_status run_plan(mill_call *call, const cast_plan *plan, const mill_vector *in, size_t n,
                            mill_vector *out, const mill_vector *parent, mill_error *err) {
  mill_call sub = *call;
  sub.state = plan;
  sub.result = plan->to;
  if (out->valid == NULL) MILL_TRY(child_valid(call, out, in, n, parent, err));
  out->size = (uint32_t)n;
  return plan->kernel(&sub, &in, n, out, err);
}

static mill_status cast_list_children(mill_call *call, const mill_vector *in, const uint32_t *sel,
                                      uint32_t total, mill_vector *out, mill_error *err) {
  const cast_plan *plan = call->state;
  for (uint32_t c = 0; c < plan->to->nfields; c++) {
    mill_vector part;
    MILL_TRY(mill_vector_gather(&part, &in->child[c], sel, total, false, call->arena, err));
    MILL_TRY(mill_vector_init(&out->child[c], plan->to->fields[c].type, total, call->arena, err));
    MILL_TRY(run_plan(call, &plan->inner[c], &part, total, &out->child[c], NULL, err));
    out->child[c].size = total;
  }
  return MILL_OK;
}

CAST_KERNEL(cast_list) {
  const mill_vector *in = args[0];
  mill_span *r = out->data;
  size_t total = 0;
  MILL_EACH(out, n, i) total += MILL_AT(mill_span, in, i).size;
  uint32_t *sel = mill_arena_alloc(call->arena, (total + 1) * sizeof *sel);
  if (sel == NULL || total > UINT32_MAX) return mill_oom(call->arena->memory, total, err);
  uint32_t at = 0;
  for (size_t i = 0; i < n; i++) {
    bool ok = mill_valid_bit(out->valid, i);
    mill_span s = ok ? MILL_AT(mill_span, in, i) : (mill_span){0, 0};
    r[i] = (mill_span){at, s.size};
    for (uint32_t k = 0; k < s.size; k++) sel[at++] = s.start + k;
  }
  return cast_list_children(call, in, sel, at, out, err);
}

CAST_KERNEL(cast_struct) {
  const cast_plan *plan = call->state;
  for (uint32_t c = 0; c < plan->to->nfields; c++)
    MILL_TRY(run_plan(call, &plan->inner[c], &args[0]->child[c], n, &out->child[c], out, err));
  return MILL_OK;
}

/* ---- planning ------------------------------------------------------------------------------- */

mill_kernel mill_cast_kernel(const mill_type *from, const mill_type *to, mill_cast_mode mode) {
  if (from->id == MILL_NULL) return from_null;
  if (from == to || mill_type_is_shape(to)) return same_bytes;
  if (to->id == MILL_VARIANT) return mill_cast_to_variant;
  bool of_today =
      from->id == MILL_TIME && (to->id == MILL_TIMESTAMP || to->id == MILL_TIMESTAMP_NTZ);
  if (mill_type_is_nanos(to) || of_today || (mill_type_is_nanos(from) && to->id != MILL_STRING))
    return mill_cast_nanos(from, to);
  if (from->id == MILL_VARIANT) return mill_cast_from_variant;
  if (to->id == MILL_STRING) return from->id == MILL_STRING ? same_bytes : mill_cast_text(from, to);
  if (to->id == MILL_BINARY) return from->id == MILL_STRING ? same_bytes : mill_cast_text(from, to);
  if (to->id == MILL_DECIMAL) return mill_cast_decimal(from, to);
  if (mill_type_numeric(to)) return mill_cast_number(from, to, mode);
  if (to->id == MILL_BOOLEAN) return mill_cast_boolean(from);
  if (to->id >= MILL_DATE && to->id <= MILL_TIME) return mill_cast_datetime(from, to);
  return mill_cast_interval(from, to);
}

static mill_status make_plan(mill_binding *b, cast_plan *plan, const mill_type *from,
                             const mill_type *to, mill_cast_mode mode, int depth, mill_error *err) {
  void *mem;
  *plan = (cast_plan){.from = from, .to = to, .mode = mode, .strict = mode == MILL_CAST_ANSI};
  bool nested = from != to && from->id == to->id &&
                (to->id == MILL_ARRAY || to->id == MILL_MAP || to->id == MILL_STRUCT);
  if (!nested || mill_type_same(from, to, false)) {
    plan->kernel = nested ? same_bytes : mill_cast_kernel(from, to, mode);
    return MILL_OK;
  }
  if (depth > MAX_DEPTH) return mill_oom(b->ctx->memory, sizeof *plan, err);
  MILL_TRY(mill_bind_alloc(b, (to->nfields + 1) * sizeof *plan, &mem, err));
  cast_plan *inner = mem;
  plan->inner = inner;
  plan->kernel = to->id == MILL_STRUCT ? cast_struct : cast_list;
  for (uint32_t i = 0; i < to->nfields; i++) {
    MILL_TRY(
        make_plan(b, &inner[i], from->fields[i].type, to->fields[i].type, mode, depth + 1, err));
    if (inner[i].kernel == NULL) plan->kernel = NULL;
  }
  return MILL_OK;
}

static mill_status refuse(mill_binding *b, const mill_type *to, mill_cast_mode mode,
                          mill_error *err) {
  const mill_type *from = b->arg_type[0];
  mill_memory *m = b->ctx->memory;
  const char *target = mill_type_quoted(m, to, err), *source = mill_type_quoted(m, from, err);
  bool nested = to->id == MILL_ARRAY || to->id == MILL_MAP || to->id == MILL_STRUCT;
  const char *sql = /* Spark prints no cast to a nested type */
      nested ? mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 0))
             : mill_error_fmt(err, "\"%sCAST(%s AS %.*s)\"", mode == MILL_CAST_TRY ? "TRY_" : "",
                              mill_arg_sql(b, 0), (int)strlen(target) - 2, target + 1);
  bool from_days = mill_type_numeric(from) && to->id == MILL_DATE;
  if (mode != MILL_CAST_LEGACY && (from_days || (from->id == MILL_DATE && mill_type_numeric(to))))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITH_FUNC_SUGGESTION, "sqlExpr", sql,
                     "srcType", source, "targetType", target, "functionNames",
                     from_days ? "`DATE_FROM_UNIX_DATE`" : "`UNIX_DATE`", NULL);
  if (mode == MILL_CAST_ANSI && mill_can_cast(from, to, false))
    return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITH_CONF_SUGGESTION, "sqlExpr", sql,
                     "srcType", source, "targetType", target, "config",
                     "\"spark.sql.ansi.enabled\"", "configVal", "'false'", NULL);
  return mill_fail(err, MILL_E_DATATYPE_MISMATCH_CAST_WITHOUT_SUGGESTION, "sqlExpr", sql, "srcType",
                   source, "targetType", target, NULL);
}

/* Has the decimal type room for all values of the other? */
static bool room_for(const mill_type *to, const mill_type *from) {
  int whole = to->precision - to->scale;
  switch (from->id) {
  case MILL_BOOLEAN: return whole >= 1;
  case MILL_TINYINT: return whole >= 3;
  case MILL_SMALLINT: return whole >= 5;
  case MILL_INT: return whole >= 10;
  case MILL_BIGINT: return whole >= 20;
  case MILL_DECIMAL:
    return whole > from->precision - from->scale ||
           (whole == from->precision - from->scale && to->scale >= from->scale);
  default: return false; /* fractions: NaN is null */
  }
}

/* Spark's Cast.forceNullable, which does not ask whether the session raises errors instead. */
static bool counts_as_lossy(const mill_type *from, const mill_type *to) {
  bool fraction = from->id == MILL_FLOAT || from->id == MILL_DOUBLE;
  bool small = to->id == MILL_TINYINT || to->id == MILL_SMALLINT || to->id == MILL_INT;
  if (from == to || to->id == MILL_STRING) return false;
  if (from->id == MILL_STRING) return to->id != MILL_BINARY;
  if (from->id == MILL_TIMESTAMP && small) return true;
  if (to->id == MILL_TIMESTAMP && fraction) return true;
  if (to->id == MILL_DATE) return from->id != MILL_TIMESTAMP;
  if (from->id == MILL_DATE) return to->id != MILL_TIMESTAMP;
  if (to->id == MILL_INTERVAL) return true;
  if (to->id == MILL_DECIMAL) return !room_for(to, from);
  return (fraction || from->id == MILL_DECIMAL) && mill_type_integral(to);
}

/* May a value that is not null become null? */
static bool may_lose(const mill_type *from, const mill_type *to, mill_cast_mode mode) {
  if (from->id == MILL_NULL || mode == MILL_CAST_TRY || from->id == MILL_VARIANT) return true;
  if (counts_as_lossy(from, to)) return true;
  if (mode == MILL_CAST_ANSI || to->id == MILL_STRING) return false;
  if (to->id == MILL_DECIMAL || to->id == MILL_TIMESTAMP) return true;
  return from->id == MILL_STRING ? to->id != MILL_BINARY : from->id == MILL_DATE;
}

mill_status mill_cast_bind(mill_binding *b, const mill_type *to, mill_cast_mode mode,
                           mill_error *err) {
  void *mem;
  const mill_type *from = b->arg_type[0];
  if (to->id == MILL_STRING && to->string_kind != MILL_PLAIN_STRING)
    to = mill_type_string(b->ctx->types, to->collation, MILL_PLAIN_STRING, 0);
  if (to == NULL) return mill_oom(b->ctx->memory, sizeof *to, err);
  if (mill_type_holds(to, MILL_TIME)) MILL_TRY(mill_bind_times(b, err));
  if (!mill_can_cast(from, to, mode != MILL_CAST_LEGACY)) return refuse(b, to, mode, err);
  MILL_TRY(mill_bind_alloc(b, sizeof(cast_plan), &mem, err));
  MILL_TRY(make_plan(b, mem, from, to, mode, 0, err));
  b->state = mem;
  b->result = to;
  b->kernel = ((cast_plan *)mem)->kernel;
  b->nullable = b->arg_nullable[0] || may_lose(from, to, mode);
  return b->kernel ? MILL_OK : refuse(b, to, MILL_CAST_TRY, err);
}
