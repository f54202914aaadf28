/* Rows for a table: which column of a query goes where, and as what. Spark: TableOutputResolver,
** PreprocessTableInsertion, Cast.canANSIStoreAssign, Cast.canUpCast. */
#include <string.h>
#include <strings.h>

#include "kernel/cast.h"
#include "plan/warehouse_int.h"

/* ---- types ---------------------------------------------------------------------------------- */

/* Digits before and behind the point that a number type needs; false: it is no exact number. */
static bool digits(const mill_type *t, int *whole, int *fraction) {
  static const int integral[] = {3, 5, 10, 20};
  *fraction = 0;
  if (mill_type_integral(t)) {
    *whole = integral[t->id - MILL_TINYINT];
    return true;
  }
  if (t->id != MILL_DECIMAL) return false;
  *whole = t->precision - t->scale;
  *fraction = t->scale;
  return true;
}

static bool number_up(const mill_type *from, const mill_type *to) {
  int a, b, c, d;
  if (to->id == MILL_DECIMAL && digits(from, &a, &b)) {
    digits(to, &c, &d);
    return a <= c && b <= d;
  }
  if (to->id == MILL_DECIMAL) return false;
  if (from->id != MILL_DECIMAL) return from->id < to->id;
  static const int most[] = {2, 4, 9, 18, 7, 15}; /* digits that always fit TINYINT .. DOUBLE */
  bool whole = mill_type_integral(to);
  return from->precision <= most[to->id - MILL_TINYINT] && (!whole || from->scale == 0);
}

static bool atomic(const mill_type *t) { return t->nfields == 0; }

static bool time_point(const mill_type *t) {
  return t->id == MILL_DATE || t->id == MILL_TIMESTAMP || t->id == MILL_TIMESTAMP_NTZ;
}

typedef bool (*rule)(const mill_type *from, const mill_type *to);

static bool children(const mill_type *from, const mill_type *to, rule may) {
  if (from->id != to->id || from->nfields != to->nfields) return false;
  for (uint32_t i = 0; i < to->nfields; i++)
    if (!may(from->fields[i].type, to->fields[i].type)) return false;
  return to->nfields > 0;
}

static bool same_kind(const mill_type *from, const mill_type *to) {
  if (from == to || from->id == MILL_NULL) return true;
  bool exact = to->id == MILL_DECIMAL || to->id == MILL_STRING || to->nfields;
  return from->id == to->id && (!exact || mill_type_same(from, to, false));
}

bool mill_can_up_cast(const mill_type *from, const mill_type *to) {
  if (same_kind(from, to)) return true;
  if (mill_type_numeric(from) && mill_type_numeric(to)) return number_up(from, to);
  if (to->id == MILL_STRING) return atomic(from);
  if (time_point(from) && time_point(to)) return to->id != MILL_DATE;
  return children(from, to, mill_can_up_cast);
}

static bool can_store(const mill_type *from, const mill_type *to) {
  if (same_kind(from, to)) return true;
  if (mill_type_numeric(from) && mill_type_numeric(to)) return true;
  if (to->id == MILL_STRING) return atomic(from);
  if (time_point(from) && time_point(to)) return true;
  return children(from, to, can_store);
}

/* ---- one value ------------------------------------------------------------------------------ */

static const char *full_name(mill_planner *w, const mill_catalog_table *t) {
  return mill_w_full_name(w, (mill_table_name){t->database, t->name});
}

/* The first field of a struct for which there is none in `from`; NULL: as many on both sides. */
static const char *missing_field(mill_planner *w, const mill_type *from, const mill_type *to,
                                 const char *path) {
  if (from->id != to->id || to->nfields == 0) return NULL;
  if (to->id == MILL_STRUCT && from->nfields != to->nfields) {
    return mill_w_printf(w, "%s.%s", path, mill_w_quoted_parts(w, &to->fields[0].name, 1));
  }
  for (uint32_t i = 0; i < to->nfields; i++) {
    const char *found = missing_field(
        w, from->fields[i].type, to->fields[i].type,
        mill_w_printf(w, "%s.%s", path, mill_w_quoted_parts(w, &to->fields[i].name, 1)));
    if (found) return found;
  }
  return NULL;
}

static const mill_expr *refuse(mill_planner *w, const mill_catalog_table *t, const mill_field *f,
                               const mill_expr *e) {
  const char *column = mill_w_quoted_parts(w, &f->name, 1);
  const char *field = missing_field(w, e->type, f->type, column);
  if (field)
    return MILL_W_FAIL(w, MILL_E_INCOMPATIBLE_DATA_FOR_TABLE_CANNOT_FIND_DATA, "tableName",
                       full_name(w, t), "colName", field, NULL);
  return MILL_W_FAIL(w, MILL_E_INCOMPATIBLE_DATA_FOR_TABLE_CANNOT_SAFELY_CAST, "tableName",
                     full_name(w, t), "colName", column, "srcType", mill_w_quoted_type(w, e->type),
                     "targetType", mill_w_quoted_type(w, f->type), NULL);
}

const mill_expr *mill_x_try_cast(mill_planner *w, const mill_expr *e, const mill_type *t) {
  if (e == NULL || e->type == t) return e;
  const mill_expr *plain = mill_x_cast(w, e, t);
  if (plain == NULL || plain->kind != MILL_X_CAST) return plain;
  mill_expr *c = mill_x_new(w, MILL_X_CAST, e);
  const mill_expr **args = mill_w_alloc(w, sizeof *args);
  if (c == NULL || args == NULL) return NULL;
  args[0] = e;
  c->args = args;
  c->nargs = 1;
  c->target = t;
  c->hidden = true;
  c->mode = MILL_CAST_TRY;
  return mill_bind_cast(w, c);
}

/* A number that does not fit is an error of the insertion, which names the column. */
static const mill_expr *checked_number(mill_planner *w, const mill_field *f, const mill_expr *e) {
  const mill_expr *stored = mill_x_try_cast(w, e, f->type);
  const mill_expr *fits =
      mill_x_bound(w, "store_fits", 5, e, stored, mill_x_string(w, mill_w_quoted_type(w, e->type)),
                   mill_x_string(w, mill_w_quoted_type(w, f->type)),
                   mill_x_string(w, mill_w_quoted_parts(w, &f->name, 1)));
  return mill_x_bound(w, "if", 3, fits, stored, mill_x_null(w, f->type));
}

const mill_expr *mill_sized_text(mill_planner *w, const mill_type *t, const mill_expr *e) {
  return mill_x_bound(w, "store_text", 3, e, mill_x_int(w, (int32_t)t->length),
                      mill_x_bool(w, t->string_kind == MILL_CHAR));
}

const mill_expr *mill_stored_value(mill_planner *w, const mill_catalog_table *t,
                                   const mill_field *f, const mill_expr *e) {
  if (e == NULL) return NULL;
  const char *policy = mill_session_get(w->session, "spark.sql.storeAssignmentPolicy");
  bool strict = strcasecmp(policy, "STRICT") == 0, legacy = strcasecmp(policy, "LEGACY") == 0;
  const mill_type *to = f->type;
  bool sized = to->id == MILL_STRING && to->string_kind != MILL_PLAIN_STRING;
  if (sized) to = mill_type_string(w->ctx->types, to->collation, MILL_PLAIN_STRING, 0);
  if (to == NULL) return NULL;
  if (!legacy && !(strict ? mill_can_up_cast(e->type, to) : can_store(e->type, to)))
    return refuse(w, t, f, e);
  bool narrow = mill_type_numeric(e->type) && (mill_type_integral(to) || to->id == MILL_DECIMAL) &&
                !mill_can_up_cast(e->type, to);
  const mill_expr *r = narrow && !legacy ? checked_number(w, f, e) : mill_x_cast(w, e, to);
  return r && sized ? mill_sized_text(w, f->type, r) : r;
}

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct store {
  mill_planner *w;
  const mill_node *n;
  const mill_catalog_table *t;
  const mill_partition_spec *spec; /* NULL: none */
  const mill_type *schema;
  const mill_field **target; /* what the query's columns go to, in order */
  int ntargets, nstatic;
} store;

static int field_of(const store *s, const char *name) {
  for (uint32_t i = 0; i < s->schema->nfields; i++)
    if (mill_w_same_name(s->w, s->schema->fields[i].name, name)) return (int)i;
  return -1;
}

static bool is_partition(const store *s, const char *name) {
  for (int i = 0; i < s->t->partitions.n; i++)
    if (mill_w_same_name(s->w, s->t->partitions.at[i], name)) return true;
  return false;
}

/* The value that PARTITION (..) gives the column; NULL: none. */
static const mill_expr *static_value(const store *s, const char *name) {
  for (int i = 0; s->spec && i < s->spec->n; i++)
    if (mill_w_same_name(s->w, s->spec->names[i], name)) return s->spec->values[i];
  return NULL;
}

static bool check_spec(store *s) {
  bool open = false;
  for (int i = 0; s->spec && i < s->spec->n; i++) {
    const char *name = s->spec->names[i];
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(s->w, s->spec->names[k], name))
        return (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_DUPLICATE_KEY, "keyColumn",
                                    mill_w_quoted_parts(s->w, &name, 1), NULL),
               false;
    if (!is_partition(s, name))
      return (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_PARTITIONS_NOT_FOUND, "partitionList",
                                  mill_w_quoted_parts(s->w, &name, 1), "tableName",
                                  full_name(s->w, s->t), NULL),
             false;
    s->nstatic += s->spec->values[i] != NULL;
  }
  for (int i = 0; s->spec && i < s->t->partitions.n; i++) {
    bool given = static_value(s, s->t->partitions.at[i]) != NULL;
    if (given && open)
      return (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_LEGACY_1147, "partCol", s->t->partitions.at[i],
                                  NULL),
             false;
    open |= !given;
  }
  return true;
}

static const char *names_text(mill_planner *w, const char *const *names, int n) {
  const char *text = "";
  for (int i = 0; i < n; i++)
    text = mill_w_printf(w, "%s%s%s", text, i ? ", " : "", mill_w_quoted_parts(w, &names[i], 1));
  return text;
}

static const char *targets_text(store *s) {
  const char **names = mill_w_alloc(s->w, (size_t)(s->ntargets + 1) * sizeof *names);
  for (int i = 0; names && i < s->ntargets; i++) names[i] = s->target[i]->name;
  return names ? names_text(s->w, names, s->ntargets) : "";
}

static const char *outputs_text(store *s, const mill_node *q) {
  const char **names = mill_w_alloc(s->w, (size_t)(q->noutput + 1) * sizeof *names);
  for (int i = 0; names && i < q->noutput; i++) names[i] = q->output[i]->name;
  return names ? names_text(s->w, names, q->noutput) : "";
}

/* UNRESOLVED_COLUMN for a name among the table's columns. */
static bool no_column(store *s, const char *name) {
  mill_exprs l = {0};
  mill_node *n = mill_w_node(s->w, MILL_N_ONE_ROW, NULL);
  for (uint32_t i = 0; i < s->schema->nfields; i++) {
    mill_expr *c = mill_x_new(s->w, MILL_X_COLUMN, NULL);
    if (c == NULL) return false;
    c->name = s->schema->fields[i].name;
    c->type = s->schema->fields[i].type;
    c->id = mill_session_next_id(s->w->session);
    if (!mill_exprs_add(s->w, &l, c)) return false;
  }
  mill_expr *e = mill_x_name(s->w, name);
  if (n == NULL || e == NULL) return false;
  mill_scope scope = {.column = l.at, .ncolumns = l.n};
  e->text = s->n->text, e->start = s->n->start, e->stop = s->n->stop;
  (void)mill_unresolved(s->w, &scope, e);
  return false;
}

/* The columns that the query's go to, where they go by position: the list, or those without a value. */
static bool find_targets(store *s) {
  const mill_node *n = s->n;
  s->target =
      mill_w_alloc(s->w, (s->schema->nfields + (size_t)n->ncolumns + 1) * sizeof *s->target);
  if (s->target == NULL) return false;
  for (int i = 0; i < n->ncolumns; i++) {
    int k = field_of(s, n->columns[i]);
    if (k < 0) return no_column(s, n->columns[i]);
    for (int j = 0; j < i; j++)
      if (mill_w_same_name(s->w, n->columns[i], n->columns[j]))
        return (void)MILL_W_FAIL_AT(s->w, n, MILL_E_COLUMN_ALREADY_EXISTS, "columnName",
                                    mill_w_quoted_parts(s->w, &n->columns[i], 1), NULL),
               false;
    s->target[s->ntargets++] = &s->schema->fields[k];
  }
  for (uint32_t i = 0; n->ncolumns == 0 && i < s->schema->nfields; i++)
    if (static_value(s, s->schema->fields[i].name) == NULL)
      s->target[s->ntargets++] = &s->schema->fields[i];
  return true;
}

static bool check_count(store *s, const mill_node *q) {
  if (q->noutput == s->ntargets) return true;
  const char *name = full_name(s->w, s->t), *has = targets_text(s), *given = outputs_text(s, q);
  if (s->nstatic)
    (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_INSERT_PARTITION_COLUMN_ARITY_MISMATCH, "tableName",
                         name, "tableColumns", has, "dataColumns", given, "staticPartCols",
                         names_text(s->w, s->spec->names, s->spec->n), NULL);
  else
    (void)MILL_W_FAIL_AT(s->w, s->n,
                         q->noutput < s->ntargets
                             ? MILL_E_INSERT_COLUMN_ARITY_MISMATCH_NOT_ENOUGH_DATA_COLUMNS
                             : MILL_E_INSERT_COLUMN_ARITY_MISMATCH_TOO_MANY_DATA_COLUMNS,
                         "tableName", name, "tableColumns", has, "dataColumns", given, NULL);
  return false;
}

/* Columns of the query that the table has not. */
static const char *extra_names(store *s, const mill_node *q) {
  const char *text = "";
  for (int i = 0; i < q->noutput; i++)
    if (field_of(s, q->output[i]->name) < 0)
      text = mill_w_printf(s->w, "%s%s%s", text, *text ? ", " : "",
                           mill_w_quoted_parts(s->w, &q->output[i]->name, 1));
  return text;
}

/* BY NAME: every column of the query has one of the table. */
static bool check_names(store *s, const mill_node *q) {
  for (int i = 0; i < q->noutput; i++)
    for (int k = 0; k < i; k++)
      if (mill_w_same_name(s->w, q->output[i]->name, q->output[k]->name))
        return (void)MILL_W_FAIL_AT(s->w, s->n,
                                    MILL_E_INCOMPATIBLE_DATA_FOR_TABLE_AMBIGUOUS_COLUMN_NAME,
                                    "tableName", full_name(s->w, s->t), "colName",
                                    mill_w_quoted_parts(s->w, &q->output[i]->name, 1), NULL),
               false;
  for (int i = 0; i < q->noutput; i++)
    if (field_of(s, q->output[i]->name) < 0)
      return (void)MILL_W_FAIL_AT(s->w, s->n, MILL_E_INCOMPATIBLE_DATA_FOR_TABLE_EXTRA_COLUMNS,
                                  "tableName", full_name(s->w, s->t), "extraColumns",
                                  extra_names(s, q), NULL),
             false;
  return true;
}

/* What the query gives for the field: NULL and no error when it gives nothing. */
static const mill_expr *given(store *s, const mill_node *q, const mill_field *f) {
  const mill_expr *c = NULL;
  if (s->n->by_name) {
    mill_find_column(s->w, q->output, q->noutput, f->name, &c);
    return c;
  }
  for (int i = 0; i < s->ntargets; i++)
    if (s->target[i] == f) return q->output[i];
  return NULL;
}

static const mill_expr *value_of(store *s, const mill_node *q, const mill_field *f) {
  const mill_expr *e = static_value(s, f->name);
  mill_scope none = {0};
  if (e) {
    e = mill_resolve(s->w, &none, e);
    return mill_x_cast(s->w, e, f->type);
  }
  e = given(s, q, f);
  if (e) return mill_stored_value(s->w, s->t, f, e);
  return s->w->status ? NULL : mill_stored_value(s->w, s->t, f, mill_column_default(s->w, f));
}

const mill_node *mill_stored_rows(mill_planner *w, const mill_node *n,
                                  const mill_catalog_table *t) {
  const mill_definition *d = n->definition;
  store s = {
      .w = w, .n = n, .t = t, .schema = t->schema, .spec = d && d->nspecs ? d->specs[0] : NULL};
  if (!check_spec(&s) || !find_targets(&s)) return NULL;
  const mill_node *child =
      n->by_name ? n->child[0] : mill_fill_defaults(w, n->child[0], s.target, s.ntargets);
  const mill_node *q = child ? mill_analyse(w, child, NULL) : NULL;
  mill_exprs l = {0};
  if (q == NULL || !(n->by_name ? check_names(&s, q) : check_count(&s, q))) return NULL;
  for (uint32_t i = 0; i < s.schema->nfields; i++) {
    const mill_field *f = &s.schema->fields[i];
    if (!mill_exprs_add(w, &l, mill_x_alias(w, value_of(&s, q, f), f->name))) return NULL;
  }
  return mill_w_project(w, q, &l);
}
