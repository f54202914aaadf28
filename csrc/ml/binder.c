/* Binding: a stage and an input schema to output columns as bound expressions. See stage_int.h.
**
** What is made here lives in the plan's arena and is immutable; states of kernels either live there
** too or in the stage's model, which the plan keeps alive. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kernel/cast.h"
#include "ml/state_int.h"

static bool same_name(const mill_settings *set, const char *a, const char *b) {
  return (set->case_sensitive ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

static int find_field(const mill_settings *set, const mill_type *t, const char *name) {
  int loose = -1;
  for (uint32_t i = 0; i < t->nfields; i++) {
    if (strcmp(t->fields[i].name, name) == 0) return (int)i;
    if (loose < 0 && same_name(set, t->fields[i].name, name)) loose = (int)i;
  }
  return loose;
}

static mill_status not_found(const mill_type *t, const char *name, mill_error *err) {
  char list[1024] = "";
  size_t k = 0;
  for (uint32_t i = 0; i < t->nfields && k + 4 < sizeof list; i++) {
    int m = snprintf(list + k, sizeof list - k, i ? ", `%s`" : "`%s`", t->fields[i].name);
    k += m > 0 ? (size_t)m : 0;
  }
  return mill_fail(err, MILL_E_FIELD_NOT_FOUND, "fieldName", mill_error_fmt(err, "`%s`", name),
                   "fields", list, NULL);
}

/* ---- inputs -------------------------------------------------------------------------------------- */

static mill_bound *new_bound(mill_binder *b, mill_bound_kind kind, const mill_type *type,
                             bool nullable, int nargs) {
  mill_bound *e = mill_arena_alloc(b->arena, sizeof *e);
  const mill_bound **args = mill_arena_alloc(b->arena, ((size_t)nargs + 1) * sizeof *args);
  if (e == NULL || args == NULL) return NULL;
  *e = (mill_bound){.kind = kind,
                    .type = type,
                    .nullable = nullable,
                    .deterministic = true,
                    .nargs = nargs,
                    .args = args,
                    .start = -1,
                    .stop = -1};
  return e;
}

/* "s.x": field x of the struct s. */
static mill_status find_nested(mill_binder *b, const char *name, const mill_bound **expr,
                               mill_field *field, mill_error *err) {
  const mill_type *t = b->schema;
  const mill_bound *e = NULL;
  bool nullable = false;
  for (const char *p = name; *p;) {
    char part[256];
    const char *dot = strchr(p, '.');
    size_t n = dot ? (size_t)(dot - p) : strlen(p);
    snprintf(part, sizeof part, "%.*s", (int)n, p);
    int i = t->id == MILL_STRUCT ? find_field(b->set, t, part) : -1;
    if (i < 0) return not_found(b->schema, name, err);
    *field = t->fields[i];
    nullable |= field->nullable;
    mill_bound *next =
        new_bound(b, e ? MILL_B_FIELD : MILL_B_COLUMN, field->type, nullable, e != NULL);
    if (next == NULL) return mill_oom(b->ctx->memory, sizeof *next, err);
    next->index = i;
    if (e) ((const mill_bound **)next->args)[0] = e;
    e = next;
    t = field->type;
    p += n + (dot != NULL);
  }
  field->name = name;
  field->nullable = nullable;
  *expr = e;
  return e ? MILL_OK : not_found(b->schema, name, err);
}

static unsigned kind_of(const mill_type *t) {
  if (mill_type_numeric(t)) return MILL_IN_NUMERIC;
  if (t->id == MILL_ARRAY && t->fields[0].type->id == MILL_STRING)
    return MILL_IN_STRINGS | MILL_IN_ARRAY;
  switch (t->id) {
  case MILL_VECTOR: return MILL_IN_VECTOR;
  case MILL_STRING: return MILL_IN_STRING;
  case MILL_BOOLEAN: return MILL_IN_BOOLEAN;
  case MILL_ARRAY: return MILL_IN_ARRAY;
  default: return 1u << 31;
  }
}

static mill_status wrong_type(mill_binder *b, const mill_field *f, unsigned kinds,
                              mill_error *err) {
  static const struct {
    unsigned kind;
    const char *text;
  } names[] = {{MILL_IN_NUMERIC, "numeric"},       {MILL_IN_BOOLEAN, "BOOLEAN"},
               {MILL_IN_STRING, "STRING"},         {MILL_IN_VECTOR, "VECTOR"},
               {MILL_IN_STRINGS, "ARRAY<STRING>"}, {MILL_IN_ARRAY, "an array"}};
  char list[128] = "";
  size_t k = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (kinds & names[i].kind)
      k += (size_t)snprintf(list + k, sizeof list - k, "%s%s", k ? " or " : "", names[i].text);
  return mill_ml_refuse(err, b->stage, "the column `%s` must be %s, but is %s", f->name, list,
                        mill_type_quoted(b->ctx->memory, f->type, err));
}

mill_status mill_bind_input(mill_binder *b, const char *name, unsigned kinds,
                            const mill_bound **expr, const mill_field **field, mill_error *err) {
  int i = find_field(b->set, b->schema, name);
  mill_field *f = mill_arena_alloc(b->arena, sizeof *f);
  const mill_bound *e;
  if (f == NULL) return mill_oom(b->ctx->memory, sizeof *f, err);
  if (i >= 0) {
    *f = b->schema->fields[i];
    mill_bound *column = new_bound(b, MILL_B_COLUMN, f->type, f->nullable, 0);
    if (column == NULL) return mill_oom(b->ctx->memory, sizeof *column, err);
    column->index = i;
    e = column;
  } else {
    MILL_TRY(find_nested(b, name, &e, f, err));
  }
  if (kinds != (unsigned)MILL_IN_ANY && !(kind_of(f->type) & kinds))
    return wrong_type(b, f, kinds, err);
  if (expr) *expr = e;
  if (field) *field = f;
  return MILL_OK;
}

/* ---- expressions ------------------------------------------------------------------------------------ */

mill_status mill_bind_to(mill_binder *b, const mill_bound *e, const mill_type *to,
                         const mill_bound **out, mill_error *err) {
  *out = e;
  if (e->type == to) return MILL_OK;
  mill_bound *cast = new_bound(b, MILL_B_CALL, to, false, 1);
  const mill_type **types = mill_arena_alloc(b->arena, 2 * sizeof *types);
  if (cast == NULL || types == NULL) return mill_oom(b->ctx->memory, sizeof *cast, err);
  types[0] = e->type;
  const mill_vector *value = NULL;
  const char *sql = "column";
  mill_binding bind = {.ctx = b->ctx,
                       .set = b->set,
                       .name = "cast",
                       .nargs = 1,
                       .arg_type = types,
                       .arg_value = &value,
                       .arg_nullable = &e->nullable,
                       .arg_sql = &sql,
                       .arena = b->arena};
  MILL_TRY(mill_cast_bind(&bind, to, b->set->ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY, err));
  ((const mill_bound **)cast->args)[0] = e;
  cast->kernel = bind.kernel;
  cast->state = bind.state;
  cast->arg_type = types;
  cast->nullable = bind.nullable;
  cast->can_raise = e->can_raise || (b->set->ansi && to->id != MILL_DOUBLE);
  *out = cast;
  return MILL_OK;
}

mill_status mill_bind_double(mill_binder *b, const mill_bound *e, const mill_bound **out,
                             mill_error *err) {
  return mill_bind_to(b, e, mill_type_of(MILL_DOUBLE), out, err);
}

mill_status mill_bind_kernel(mill_binder *b, const char *name, mill_kernel kernel, unsigned flags,
                             const mill_type *type, const void *state,
                             const mill_bound *const *args, int n, const mill_bound **out,
                             mill_error *err) {
  mill_function *fn = mill_arena_alloc(b->arena, sizeof *fn);
  const mill_type **types = mill_arena_alloc(b->arena, ((size_t)n + 1) * sizeof *types);
  mill_bound *e = new_bound(b, MILL_B_CALL, type, flags & MILL_FN_NULLABLE, n);
  if (fn == NULL || types == NULL || e == NULL) return mill_oom(b->ctx->memory, sizeof *e, err);
  fn->name = name;
  fn->kind = MILL_SCALAR;
  fn->flags = flags;
  fn->kernel = kernel;
  e->fn = fn;
  e->kernel = kernel;
  e->state = state;
  e->arg_type = types;
  e->can_raise = !(flags & MILL_FN_NO_RAISE);
  for (int i = 0; i < n; i++) {
    ((const mill_bound **)e->args)[i] = args[i];
    types[i] = args[i]->type;
    e->can_raise |= args[i]->can_raise;
    if (!(flags & MILL_FN_NULLS)) e->nullable |= args[i]->nullable;
  }
  *out = e;
  return MILL_OK;
}

/* ---- outputs ------------------------------------------------------------------------------------------ */

static mill_status grow(mill_binder *b, mill_error *err) {
  mill_stage_binding *o = b->out;
  if (o->n < b->capacity) return MILL_OK;
  int capacity = b->capacity ? 2 * b->capacity : 4;
  mill_field *field = mill_arena_alloc(b->arena, (size_t)capacity * sizeof *field);
  const mill_bound **expr = mill_arena_alloc(b->arena, (size_t)capacity * sizeof *expr);
  if (field == NULL || expr == NULL) return mill_oom(b->ctx->memory, sizeof *field, err);
  for (int i = 0; i < o->n; i++) field[i] = o->field[i], expr[i] = o->expr[i];
  o->field = field;
  o->expr = expr;
  b->capacity = capacity;
  return MILL_OK;
}

mill_status mill_bind_replace(mill_binder *b, const char *name, const mill_type *type,
                              bool nullable, const char *metadata, const mill_bound *expr,
                              mill_error *err) {
  if (name == NULL || *name == 0) return MILL_OK;
  for (int i = 0; i < b->out->n; i++)
    if (strcmp(b->out->field[i].name, name) == 0)
      return mill_ml_refuse(err, b->stage, "the output column `%s` is named twice", name);
  MILL_TRY(grow(b, err));
  char *copy = mill_arena_strndup(b->arena, name, strlen(name));
  if (copy == NULL) return mill_oom(b->ctx->memory, strlen(name), err);
  b->out->field[b->out->n] = (mill_field){copy, type, nullable, metadata};
  b->out->expr[b->out->n++] = expr;
  return MILL_OK;
}

mill_status mill_bind_output(mill_binder *b, const char *name, const mill_type *type, bool nullable,
                             const char *metadata, const mill_bound *expr, mill_error *err) {
  for (uint32_t i = 0; name && i < b->schema->nfields; i++)
    if (strcmp(b->schema->fields[i].name, name) == 0)
      return mill_ml_refuse(err, b->stage, "the output column `%s` is there already", name);
  return mill_bind_replace(b, name, type, nullable, metadata, expr, err);
}

static mill_status k_both(mill_call *call, const mill_vector *const *args, size_t n,
                          mill_vector *out, mill_error *err) {
  (void)call, (void)err;
  const uint8_t *x = args[0]->data, *y = args[1]->data;
  for (size_t i = 0; i < n; i++)
    ((uint8_t *)out->data)[i] = x[i & args[0]->mask] && y[i & args[1]->mask];
  return MILL_OK;
}

mill_status mill_bind_keep(mill_binder *b, const mill_bound *e, mill_error *err) {
  if (b->out->keep) {
    const mill_bound *args[] = {b->out->keep, e};
    return mill_bind_kernel(b, "keep", k_both, MILL_FN_NO_RAISE, mill_type_of(MILL_BOOLEAN), NULL,
                            args, 2, &b->out->keep, err);
  }
  b->out->keep = e;
  return MILL_OK;
}

mill_status mill_stage_bind(mill_stage *s, const mill_context *ctx, const mill_settings *set,
                            const mill_type *schema, const mill_peek *peek, mill_arena *a,
                            mill_stage_binding *out, mill_error *err) {
  *out = (mill_stage_binding){0};
  mill_binder b = {s, ctx, set, schema, a, out, peek, 0};
  if (s->class->bind == NULL) return mill_ml_refuse(err, s, "this stage transforms no rows");
  return s->class->bind(&b, err);
}

/* ---- schemas ------------------------------------------------------------------------------------------- */

static mill_status with_fields(const mill_context *ctx, const mill_settings *set,
                               const mill_type *schema, const mill_stage_binding *added,
                               mill_arena *a, const mill_type **out, mill_error *err) {
  uint32_t n = schema->nfields;
  mill_field *f = mill_arena_alloc(a, (n + (size_t)added->n + 1) * sizeof *f);
  if (f == NULL) return mill_oom(ctx->memory, sizeof *f, err);
  for (uint32_t i = 0; i < n; i++) f[i] = schema->fields[i];
  for (int k = 0; k < added->n; k++) {
    bool replaced = false;
    for (uint32_t i = 0; i < schema->nfields; i++)
      if (same_name(set, f[i].name, added->field[k].name)) f[i] = added->field[k], replaced = true;
    if (!replaced) f[n++] = added->field[k];
  }
  *out = mill_type_struct(ctx->types, f, n);
  return *out ? MILL_OK : mill_oom(ctx->memory, sizeof **out, err);
}

mill_status mill_stage_schema(mill_stage *stage, const mill_context *ctx, const mill_settings *set,
                              const mill_type *schema, mill_arena *a, const mill_type **out,
                              mill_error *err) {
  mill_stage *const *inner;
  int n = mill_stage_parts(stage, &inner);
  bool pipeline =
      stage->class->role == MILL_ESTIMATOR && mill_param_find(stage->class, "stages") >= 0;
  if (pipeline) n = mill_get_stages(stage, "stages", &inner);
  *out = schema;
  if (n || pipeline) {
    for (int i = 0; i < n; i++) MILL_TRY(mill_stage_schema(inner[i], ctx, set, *out, a, out, err));
    return MILL_OK;
  }
  mill_stage_binding binding;
  MILL_TRY(mill_stage_bind(stage, ctx, set, schema, NULL, a, &binding, err));
  return with_fields(ctx, set, schema, &binding, a, out, err);
}

/* ---- errors of rows -------------------------------------------------------------------------------------- */

mill_status mill_row_fail(const mill_call *call, mill_error *err, const char *fmt, ...) {
  char reason[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(reason, sizeof reason, fmt, args);
  va_end(args);
  return mill_fail(err, MILL_E_FAILED_EXECUTE_UDF, "functionName", call->fn->name, "signature",
                   "a row", "result", "", "reason", reason, NULL);
}

mill_status mill_row_null(const mill_call *call, mill_error *err) {
  return mill_row_fail(call, err, "the value is NULL");
}
