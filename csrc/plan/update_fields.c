/* Column.withField and Column.dropFields: a struct with other fields.
**
** Calls of `with_field` (struct, name, value) and `drop_fields` (struct, name, ..) that the API
** built become named_struct over the struct's fields, NULL where the struct is NULL. A name with
** dots reaches into structs inside; back quotes keep dots. Shown as Spark's update_fields. */
#include <string.h>

#include "plan/plan_int.h"

typedef struct path {
  const char *part[32];
  int n;
} path;

/* a.`b c`.d as its parts. */
static bool split(mill_planner *w, const char *name, path *p) {
  p->n = 0;
  while (p->n < 32) {
    bool quoted = *name == '`';
    const char *from = name + quoted, *to = strchr(from, quoted ? '`' : '.');
    if (to == NULL && !quoted) to = from + strlen(from);
    if (to == NULL || to == from) break;
    p->part[p->n++] = mill_w_copy(w, from, (size_t)(to - from));
    name = to + quoted;
    if (*name == '\0') return p->part[p->n - 1] != NULL;
    if (*name++ != '.') break;
  }
  (void)MILL_W_FAIL(w, MILL_E_INVALID_ATTRIBUTE_NAME_SYNTAX, "name", name, NULL);
  return false;
}

static const char *text_of(mill_planner *w, const mill_expr *e) {
  const mill_str *s = e->value ? e->value->data : NULL;
  return s ? mill_w_copy(w, mill_str_data(s), s->size) : NULL;
}

/* `sql` is the call as it is shown. */
static bool is_struct(mill_planner *w, const mill_expr *of, const char *sql) {
  if (of->type->id == MILL_STRUCT) return true;
  (void)MILL_W_FAIL(w, MILL_E_DATATYPE_MISMATCH_UNEXPECTED_INPUT_TYPE, "sqlExpr",
                    mill_w_printf(w, "\"%s\"", sql), "paramIndex", "first", "requiredType",
                    "\"STRUCT\"", "inputSql", mill_w_quoted_sql(w, of), "inputType",
                    mill_w_quoted_type(w, of->type), NULL);
  return false;
}

static bool put(mill_planner *w, mill_exprs *l, const char *name, const mill_expr *e) {
  return mill_exprs_add(w, l, mill_x_string(w, name)) && mill_exprs_add(w, l, e);
}

/* named_struct(args) where `of` is not NULL, shown as `sql`. */
static const mill_expr *rebuilt(mill_planner *w, const mill_expr *of, const mill_exprs *args,
                                const char *sql) {
  mill_expr *call = mill_x_new(w, MILL_X_CALL, of);
  if (call == NULL) return NULL;
  call->name = "named_struct";
  call->args = args->at;
  call->nargs = args->n;
  const mill_expr *r = mill_bind_call(w, NULL, call);
  if (r && of->nullable) r = mill_x_bound(w, "when", 2, mill_x_bound(w, "isnotnull", 1, of), r);
  mill_expr *c = r ? mill_x_copy(w, r) : NULL;
  if (c) c->pretty = sql;
  return c;
}

static const mill_expr *field_at(mill_planner *w, const mill_expr *of, uint32_t i) {
  mill_expr *f = mill_x_new(w, MILL_X_FIELD, of);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (f == NULL || args == NULL) return NULL;
  args[0] = of;
  f->args = args, f->nargs = 1, f->index = (int)i;
  f->name = of->type->fields[i].name;
  f->type = of->type->fields[i].type;
  f->nullable = of->nullable || of->type->fields[i].nullable;
  return f;
}

/* The fields with one replaced, or one more. */
static const mill_expr *with_one(mill_planner *w, const mill_expr *of, const char *name,
                                 const mill_expr *value) {
  const char *sql =
      mill_w_printf(w, "update_fields(%s, WithField(%s))", mill_w_sql(w, of), mill_w_sql(w, value));
  mill_exprs args = {0};
  bool found = false;
  if (sql == NULL || !is_struct(w, of, sql)) return NULL;
  for (uint32_t i = 0; i < of->type->nfields; i++) {
    bool hit = mill_w_same_name(w, of->type->fields[i].name, name);
    found |= hit;
    if (!put(w, &args, hit ? name : of->type->fields[i].name, hit ? value : field_at(w, of, i)))
      return NULL;
  }
  if (!found && !put(w, &args, name, value)) return NULL;
  return rebuilt(w, of, &args, sql);
}

static const mill_expr *without(mill_planner *w, const mill_expr *of, const char *const *names,
                                int n) {
  const char *sql = mill_w_printf(w, "update_fields(%s", mill_w_sql(w, of));
  for (int i = 0; sql && i < n; i++) sql = mill_w_printf(w, "%s, dropfield()", sql);
  if (sql) sql = mill_w_printf(w, "%s)", sql);
  mill_exprs args = {0};
  if (sql == NULL || !is_struct(w, of, sql)) return NULL;
  for (uint32_t i = 0; i < of->type->nfields; i++) {
    bool gone = false;
    for (int k = 0; k < n; k++) gone |= mill_w_same_name(w, of->type->fields[i].name, names[k]);
    if (!gone && !put(w, &args, of->type->fields[i].name, field_at(w, of, i))) return NULL;
  }
  if (args.n == 0)
    return MILL_W_FAIL_AT(w, of, MILL_E_DATATYPE_MISMATCH_CANNOT_DROP_ALL_FIELDS, "sqlExpr",
                          mill_w_printf(w, "\"%s\"", sql), NULL);
  return rebuilt(w, of, &args, sql);
}

/* The change at the end of a path: value NULL drops the field. */
static const mill_expr *change(mill_planner *w, const mill_expr *of, const char *const *part, int n,
                               const mill_expr *value) {
  if (of == NULL) return NULL;
  if (n == 1) return value ? with_one(w, of, part[0], value) : without(w, of, part, 1);
  const mill_expr *inner = mill_bind_field(w, of, part[0], of);
  inner = change(w, inner, part + 1, n - 1, value);
  return inner ? with_one(w, of, part[0], inner) : NULL;
}

static const mill_expr *drop_fields(mill_planner *w, const mill_expr *of, const mill_expr *e) {
  const char **simple = mill_w_alloc(w, (size_t)e->nargs * sizeof *simple);
  int n = 0;
  for (int i = 1; simple && of && i < e->nargs; i++) {
    path p;
    const char *name = text_of(w, e->args[i]);
    if (name == NULL || !split(w, name, &p)) return NULL;
    if (p.n == 1) {
      simple[n++] = p.part[0];
      continue;
    }
    if (n) of = without(w, of, simple, n);
    n = 0;
    of = change(w, of, p.part, p.n, NULL);
  }
  return n && of ? without(w, of, simple, n) : of;
}

bool mill_is_field_update(const mill_expr *e) {
  return e->text == NULL && (mill_x_is_call(e, "with_field") || mill_x_is_call(e, "drop_fields"));
}

const mill_expr *mill_resolve_field_update(mill_planner *w, const mill_scope *s,
                                           const mill_expr *e) {
  const mill_expr *of = mill_resolve(w, s, e->args[0]);
  if (of == NULL || mill_x_is_call(e, "drop_fields")) return of ? drop_fields(w, of, e) : NULL;
  path p;
  const char *name = text_of(w, e->args[1]);
  const mill_expr *value = mill_resolve(w, s, e->args[2]);
  if (name == NULL || value == NULL || !split(w, name, &p)) return NULL;
  return change(w, of, p.part, p.n, value);
}
