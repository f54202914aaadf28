/* UNION, EXCEPT, INTERSECT: common types, and set operations as joins.
**
** EXCEPT and INTERSECT compare rows by <=>; with ALL a row number among equal rows makes the rows
** distinct first. */
#include <string.h>

#include "kernel/coerce.h"
#include "plan/plan_int.h"

static const char *operator_name(const mill_node *n) {
  if (n->kind == MILL_N_UNION) return "UNION";
  if (n->intersect) return n->all ? "INTERSECT ALL" : "INTERSECT";
  return n->all ? "EXCEPT ALL" : "EXCEPT";
}

static const char *ordinal(mill_planner *w, int n) {
  static const char *const words[] = {"first", "second",  "third",  "fourth", "fifth",
                                      "sixth", "seventh", "eighth", "ninth",  "tenth"};
  return n < 10 ? words[n] : mill_w_printf(w, "%dth", n + 1);
}

static const mill_node *count_differs(mill_planner *w, const mill_node *n, int first, int i,
                                      int other) {
  return MILL_W_FAIL_AT(w, n, MILL_E_NUM_COLUMNS_MISMATCH, "operator", operator_name(n),
                        "firstNumColumns", mill_error_fmt(w->err, "%d", first), "invalidOrdinalNum",
                        ordinal(w, i), "invalidNumColumns", mill_error_fmt(w->err, "%d", other),
                        NULL);
}

static bool common_types(mill_planner *w, const mill_node *n, const mill_node **child,
                         const mill_type **types) {
  for (int c = 0; c < child[0]->noutput; c++) {
    types[c] = child[0]->output[c]->type;
    for (int i = 1; i < n->nchildren; i++) {
      const mill_type *other = child[i]->output[c]->type;
      const mill_type *t = mill_common_column(w->ctx->types, types[c], other);
      bool by_place = n->kind == MILL_N_UNION && mill_same_shape(types[c], other);
      if (t == NULL && by_place) t = types[c]; /* structs that differ in names alone */
      if (t == NULL) {
        (void)MILL_W_FAIL_AT(w, n, MILL_E_INCOMPATIBLE_COLUMN_TYPE, "operator", operator_name(n),
                             "columnOrdinalNumber", ordinal(w, c), "tableOrdinalNumber",
                             ordinal(w, i), "dataType1", mill_w_quoted_type(w, other), "dataType2",
                             mill_w_quoted_type(w, types[c]), "hint", "", NULL);
        return false;
      }
      types[c] = t;
    }
  }
  return true;
}

/* ---- structs by name ------------------------------------------------------------------------ */

static int field_of(const mill_planner *w, const mill_type *t, const char *name) {
  for (uint32_t i = 0; i < t->nfields; i++)
    if (mill_w_same_name(w, t->fields[i].name, name)) return (int)i;
  return -1;
}

/* The fields of a, as b's fill them, and with `more` behind them those that only b has; also of structs in lists. */
static const mill_type *merged_type(mill_planner *w, const mill_type *a, const mill_type *b,
                                    bool more);

static const mill_type *merged_struct(mill_planner *w, const mill_type *a, const mill_type *b,
                                      bool more) {
  mill_field *f = mill_w_alloc(w, ((size_t)a->nfields + b->nfields + 1) * sizeof *f);
  uint32_t n = 0;
  for (uint32_t i = 0; f && i < a->nfields; i++) {
    int k = field_of(w, b, a->fields[i].name);
    f[n] = a->fields[i];
    if (k >= 0) f[n].type = merged_type(w, f[n].type, b->fields[k].type, more);
    f[n].nullable |= k < 0 || b->fields[k].nullable;
    if (f[n++].type == NULL) return NULL;
  }
  for (uint32_t i = 0; f && more && i < b->nfields; i++) {
    if (field_of(w, a, b->fields[i].name) >= 0) continue;
    f[n] = b->fields[i];
    f[n++].nullable = true;
  }
  return f ? mill_type_struct(w->ctx->types, f, n) : NULL;
}

static const mill_type *merged_type(mill_planner *w, const mill_type *a, const mill_type *b,
                                    bool more) {
  if (a->id != b->id || (a->id != MILL_STRUCT && a->id != MILL_ARRAY)) return a;
  const mill_type *t;
  if (a->id == MILL_ARRAY) {
    const mill_type *e = merged_type(w, a->fields[0].type, b->fields[0].type, more);
    t = e ? mill_type_array(w->ctx->types, e, a->contains_null || b->contains_null) : NULL;
  } else {
    t = merged_struct(w, a, b, more);
  }
  if (t == NULL && w->status == MILL_OK) w->status = mill_oom(w->ctx->memory, sizeof *t, w->err);
  return t;
}

/* A value in another shape, written as SQL over its arguments `$1`, `$2`.. */
typedef struct fitting {
  mill_planner *w;
  const mill_node *node;
  bool missing; /* fields that are not there are NULL */
  bool changed;
  mill_exprs args;
} fitting;

static const char *fitted(fitting *f, const char *value, const mill_type *from, bool nullable,
                          const mill_type *to, int depth);

static const char *lacks(fitting *f, const mill_type *t, const char *name) {
  const char *list = "";
  for (uint32_t i = 0; list && i < t->nfields; i++) {
    const char *own = mill_w_quoted_parts(f->w, &t->fields[i].name, 1);
    list = mill_w_printf(f->w, "%s%s%s", list, i ? ", " : "", own);
  }
  return MILL_W_FAIL_AT(f->w, f->node, MILL_E_FIELD_NOT_FOUND, "fieldName",
                        mill_w_quoted_parts(f->w, &name, 1), "fields", list, NULL);
}

static const char *absent(fitting *f, const mill_type *t) {
  if (!mill_exprs_add(f->w, &f->args, mill_x_null(f->w, t))) return NULL;
  return mill_w_printf(f->w, "`$%d`", f->args.n);
}

/* The fields of `to` in their order; those that `from` has beyond them come last where none may be missing. */
static const char *fitted_struct(fitting *f, const char *value, const mill_type *from,
                                 bool nullable, const mill_type *to, int depth) {
  const char *list = "";
  for (uint32_t i = 0; list && i < to->nfields; i++) {
    const mill_field *field = &to->fields[i];
    int at = field_of(f->w, from, field->name);
    if (at < 0 && !f->missing) return lacks(f, from, field->name);
    const char *name = mill_w_quoted_parts(f->w, &field->name, 1), *v;
    if (at < 0)
      v = absent(f, field->type);
    else
      v = fitted(f, mill_w_printf(f->w, "(%s).%s", value, name), from->fields[at].type,
                 from->fields[at].nullable, field->type, depth);
    f->changed |= at != (int)i;
    list = v ? mill_w_printf(f->w, "%s%s%s AS %s", list, i ? ", " : "", v, name) : NULL;
  }
  for (uint32_t i = 0; list && i < from->nfields; i++) {
    const char *name = mill_w_quoted_parts(f->w, &from->fields[i].name, 1);
    if (field_of(f->w, to, from->fields[i].name) < 0)
      list = mill_w_printf(f->w, "%s, (%s).%s AS %s", list, value, name, name), f->changed = true;
  }
  if (list && nullable) return mill_w_printf(f->w, "IF(isnull(%s), NULL, struct(%s))", value, list);
  return list ? mill_w_printf(f->w, "struct(%s)", list) : NULL;
}

static const char *fitted(fitting *f, const char *value, const mill_type *from, bool nullable,
                          const mill_type *to, int depth) {
  if (value == NULL || from->id != to->id) return value;
  if (to->id == MILL_STRUCT) return fitted_struct(f, value, from, nullable, to, depth);
  if (to->id != MILL_ARRAY || !mill_type_holds(to, MILL_STRUCT)) return value;
  const char *each = mill_w_printf(f->w, "e%d", depth);
  const char *body =
      fitted(f, each, from->fields[0].type, from->contains_null, to->fields[0].type, depth + 1);
  return body ? mill_w_printf(f->w, "transform(%s, %s -> %s)", value, each, body) : NULL;
}

/* e with the fields of t, at any depth; e itself where they are so. */
static const mill_expr *conformed(mill_planner *w, const mill_node *node, const mill_expr *e,
                                  const mill_type *t, bool missing) {
  if (!mill_type_holds(t, MILL_STRUCT)) return e;
  fitting f = {.w = w, .node = node, .missing = missing};
  if (!mill_exprs_add(w, &f.args, e)) return NULL;
  const char *text = fitted(&f, "`$1`", e->type, e->nullable, t, 0);
  if (text == NULL || !f.changed) return text ? e : NULL;
  const mill_expr *parsed = mill_w_parse(w, text, strlen(text));
  mill_scope s = {.expand = &f.args};
  return parsed ? mill_resolve(w, &s, parsed) : NULL;
}

static const char *listed(mill_planner *w, const mill_node *n) {
  const char *s = "";
  for (int i = 0; s && i < n->noutput; i++)
    s = mill_w_printf(w, "%s%s%s", s, i ? ", " : "", n->output[i]->name);
  return s;
}

/* The rows of `n` with its columns in the order of `like`; missing ones null. */
static const mill_node *by_name(mill_planner *w, const mill_node *n, const mill_exprs *names,
                                bool allow_missing, const mill_node *at) {
  mill_exprs l = {0};
  for (int i = 0; i < names->n; i++) {
    const mill_expr *c = NULL;
    int found = mill_find_column(w, n->output, n->noutput, names->at[i]->name, &c);
    if (found == 0 && !allow_missing)
      return MILL_W_FAIL_AT(w, at, MILL_E_UNRESOLVED_COLUMN_AMONG_FIELD_NAMES, "colName",
                            names->at[i]->name, "fieldNames", listed(w, n), NULL);
    if (found == 0) c = mill_x_alias(w, mill_x_null(w, names->at[i]->type), names->at[i]->name);
    const mill_expr *fit = c ? conformed(w, at, c, names->at[i]->type, allow_missing) : NULL;
    if (fit != c) c = fit ? mill_x_alias(w, fit, names->at[i]->name) : NULL;
    if (!mill_exprs_add(w, &l, c)) return NULL;
  }
  return mill_w_project(w, n, &l);
}

static bool names_twice(mill_planner *w, const mill_node *n, const mill_node *at) {
  for (int i = 0; i < n->noutput; i++)
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(w, n->output[k]->name, n->output[i]->name)) {
        (void)MILL_W_FAIL_AT(w, at, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                             mill_w_quoted_parts(w, &n->output[i]->name, 1), NULL);
        return true;
      }
  return false;
}

static bool line_up(mill_planner *w, const mill_node *n, const mill_node **child) {
  mill_exprs names = {0};
  for (int i = 0; i < n->nchildren; i++)
    if (names_twice(w, child[i], n)) return false;
  if (!mill_exprs_copy(w, &names, child[0]->output, child[0]->noutput)) return false;
  for (int i = 1; i < n->nchildren; i++) {
    for (int c = 0; n->allow_missing && c < child[i]->noutput; c++) {
      const mill_expr *known;
      if (mill_find_column(w, names.at, names.n, child[i]->output[c]->name, &known) == 0 &&
          !mill_exprs_add(w, &names, child[i]->output[c]))
        return false;
    }
  }
  for (int c = 0; c < names.n; c++) {
    mill_expr *like = mill_x_copy(w, names.at[c]);
    if (like == NULL) return false;
    for (int i = 0; like->type && i < n->nchildren; i++) {
      const mill_expr *own;
      if (mill_find_column(w, child[i]->output, child[i]->noutput, like->name, &own))
        like->type = merged_type(w, like->type, own->type, n->allow_missing);
    }
    if (like->type == NULL) return false;
    names.at[c] = like;
  }
  for (int i = 1; !n->allow_missing && i < n->nchildren; i++)
    if (child[i]->noutput > names.n) {
      (void)count_differs(w, n, names.n, i, child[i]->noutput);
      return false;
    }
  for (int i = 0; i < n->nchildren; i++) {
    child[i] = by_name(w, child[i], &names, n->allow_missing, n);
    if (child[i] == NULL) return false;
  }
  return true;
}

/* Does each side give the same column twice, in the places c and k? */
static bool one_column(const mill_node *n, const mill_node **child, int c, int k) {
  for (int i = 0; i < n->nchildren; i++)
    if (child[i]->output[c]->id != child[i]->output[k]->id) return false;
  return true;
}

static const mill_node *build_union(mill_planner *w, const mill_node *n, const mill_node **child) {
  mill_node *u = mill_w_node(w, MILL_N_UNION, n);
  mill_exprs out = {0};
  if (u == NULL) return NULL;
  u->child = child;
  u->nchildren = n->nchildren;
  for (int i = 0; i < n->nchildren; i++) u->streaming |= child[i]->streaming;
  for (int c = 0; c < child[0]->noutput; c++) {
    mill_expr *o = mill_x_copy(w, child[0]->output[c]);
    if (o == NULL) return NULL;
    o->id = mill_session_next_id(w->session);
    for (int k = 0; k < c; k++)
      if (one_column(n, child, c, k)) o->id = out.at[k]->id;
    for (int i = 1; i < n->nchildren; i++) o->nullable |= child[i]->output[c]->nullable;
    if (!mill_exprs_add(w, &out, o)) return NULL;
  }
  u->output = out.at;
  u->noutput = out.n;
  return u;
}

/* n with a column that numbers equal rows; its output keeps the number last. */
static const mill_node *numbered(mill_planner *w, const mill_node *n) {
  mill_expr *win = mill_x_new(w, MILL_X_WINDOW, NULL);
  mill_window *v = mill_w_alloc(w, sizeof *v);
  const mill_expr *call = mill_x_bound(w, "row_number", 0);
  mill_exprs items = {0}, order = {0};
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (!win || !v || !call || !args) return NULL;
  mill_expr *key = mill_x_new(w, MILL_X_SORT, NULL);
  const mill_expr **one = mill_w_alloc(w, sizeof *one);
  if (key == NULL || one == NULL) return NULL;
  one[0] = mill_x_int(w, 1);
  key->args = one, key->nargs = 1, key->type = mill_type_of(MILL_INT), key->nulls_first = true;
  if (!mill_exprs_add(w, &order, key)) return NULL;
  args[0] = call;
  *v = (mill_window){.npartition = n->noutput,
                     .partition = n->output,
                     .norder = 1,
                     .order = order.at,
                     .framed = true,
                     .unit = MILL_FRAME_ROWS,
                     .from = MILL_UNBOUNDED_PRECEDING,
                     .to = MILL_CURRENT_ROW};
  win->args = args, win->nargs = 1, win->window = v, win->type = call->type;
  if (!mill_exprs_copy(w, &items, n->output, n->noutput) ||
      !mill_exprs_add(w, &items, mill_x_alias(w, win, "n")))
    return NULL;
  const mill_node *p = mill_build_project(w, n, &items, NULL), *m = p;
  while (m && m->kind != MILL_N_WINDOW) m = m->child[0];
  if (m) ((mill_node *)m)->set_operation = true;
  return p;
}

static const mill_node *as_join(mill_planner *w, const mill_node *n, const mill_node *a,
                                const mill_node *b) {
  const mill_node *left = a;
  if (!mill_rows_compare(w, a)) return NULL;
  b = mill_renew_ids(w, b);
  if (n->all) {
    a = numbered(w, a);
    b = b ? numbered(w, b) : NULL;
  }
  if (a == NULL || b == NULL) return NULL;
  const mill_expr *condition = NULL;
  for (int i = 0; i < a->noutput; i++) {
    condition = mill_x_and(w, condition, mill_x_bound(w, "<=>", 2, a->output[i], b->output[i]));
    if (condition == NULL) return NULL;
  }
  mill_join kind = n->intersect ? MILL_JOIN_SEMI : MILL_JOIN_ANTI;
  mill_node *j = mill_w_join(w, kind, a, b, condition);
  if (j == NULL) return NULL;
  j->set_operation = true;
  if (!n->all) return mill_distinct(w, j);
  mill_exprs l = {0};
  return mill_exprs_copy(w, &l, left->output, left->noutput) ? mill_w_project(w, j, &l) : NULL;
}

const mill_node *mill_analyse_set(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const mill_node **child = mill_w_alloc(w, (size_t)(n->nchildren + 1) * sizeof *child);
  if (child == NULL) return NULL;
  for (int i = 0; i < n->nchildren; i++) {
    child[i] = mill_analyse(w, n->child[i], outer);
    if (child[i] == NULL) return NULL;
  }
  if (n->by_name && !line_up(w, n, child)) return NULL;
  int width = child[0]->noutput;
  for (int i = 1; i < n->nchildren; i++)
    if (child[i]->noutput != width) return count_differs(w, n, width, i, child[i]->noutput);
  const mill_type **types = mill_w_alloc(w, (size_t)(width + 1) * sizeof *types);
  if (types == NULL || !common_types(w, n, child, types)) return NULL;
  for (int i = 0; i < n->nchildren; i++) {
    child[i] = mill_cast_outputs(w, child[i], types);
    if (child[i] == NULL) return NULL;
  }
  return n->kind == MILL_N_UNION ? build_union(w, n, child) : as_join(w, n, child[0], child[1]);
}
