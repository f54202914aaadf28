/* Expressions as Spark prints them in column names and messages: mill_expr_sql and its kin.
**
** Pretty SQL: columns by their last name, plain texts and numbers without quotes, casts that
** coercion put in left out. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/collation.h"
#include "plan/plan_int.h"

typedef struct printer {
  const mill_settings *set;
  mill_text *out;
  mill_error *err;
  bool plain;  /* inside a call of the user's function, which Spark prints as its nodes' own text */
  bool outers; /* columns of the query around it as outer(t.c), as names of columns have them */
  bool whole;  /* everything there is: t.c, 'text', casts */
} printer;

static mill_status print(printer *p, const mill_expr *e);

static mill_status puts_to(printer *p, const char *s) { return mill_text_adds(p->out, s, p->err); }

static mill_status list(printer *p, const mill_expr *const *items, int n) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(print(p, items[i]));
  }
  return MILL_OK;
}

static mill_status wrap(printer *p, const char *before, const mill_expr *e, const char *after) {
  MILL_TRY(puts_to(p, before));
  MILL_TRY(print(p, e));
  return puts_to(p, after);
}

static mill_status dotted(printer *p, const char *const *parts, int n) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(puts_to(p, "."));
    MILL_TRY(puts_to(p, parts[i]));
  }
  return MILL_OK;
}

/* A decimal as java.math.BigDecimal prints it: with an exponent below a millionth. */
static mill_status decimal(printer *p, const char *plain) {
  const char *minus = *plain == '-' ? "-" : "", *digits = plain + strlen(minus);
  const char *point = strchr(digits, '.'), *first = digits + strspn(digits, "0.");
  if (point == NULL) return puts_to(p, plain);
  if (*first == '\0') first--; /* zero: its last digit */
  int exponent = (int)(first - point);
  if (first < point || exponent <= 6) return puts_to(p, plain);
  return mill_text_printf(p->out, p->err, first[1] ? "%s%c.%sE-%d" : "%s%c%sE-%d", minus, *first,
                          first + 1, exponent);
}

static mill_status number(printer *p, const mill_expr *e) {
  mill_text plain;
  mill_text_init(&plain, p->out->memory);
  mill_status s = mill_value_text(p->set, e->value, 0, &plain, p->err);
  if (s == MILL_OK) s = mill_text_addc(&plain, '\0', p->err);
  if (s == MILL_OK) s = decimal(p, plain.data);
  mill_text_clear(&plain);
  return s;
}

/* 0x41: X'41' without its quotes. */
static mill_status plain_binary(printer *p, const mill_expr *e) {
  const mill_str *s = &((const mill_str *)e->value->data)[mill_vector_at(e->value, 0)];
  const unsigned char *b = (const unsigned char *)mill_str_data(s);
  MILL_TRY(puts_to(p, "0x"));
  for (uint32_t i = 0; i < s->size; i++) MILL_TRY(mill_text_printf(p->out, p->err, "%02X", b[i]));
  return MILL_OK;
}

static mill_status literal(printer *p, const mill_expr *e) {
  bool plain = p->plain || e->type->id == MILL_STRING || mill_type_numeric(e->type);
  if (!mill_vector_valid(e->value, 0)) return puts_to(p, "NULL");
  if (p->whole) return mill_value_sql(p->set, e->value, 0, p->out, p->err);
  if (e->type->id == MILL_DECIMAL) return number(p, e);
  if (p->plain && e->type->id == MILL_BINARY) return plain_binary(p, e);
  if (!p->plain && e->type->id == MILL_STRING && (e->type->collation || e->type->written)) {
    char name[MILL_COLLATION_NAME];
    MILL_TRY(mill_value_sql(p->set, e->value, 0, p->out, p->err));
    return mill_text_printf(p->out, p->err, " collate %s",
                            mill_collation_name(e->type->collation, name));
  }
  return plain ? mill_value_text(p->set, e->value, 0, p->out, p->err)
               : mill_value_sql(p->set, e->value, 0, p->out, p->err);
}

/* Casts to arrays, maps and structs are not shown: Hive's dialect had none. */
static mill_status cast(printer *p, const mill_expr *e) {
  const mill_type *t = e->target;
  bool nested = t && (t->id == MILL_ARRAY || t->id == MILL_MAP || t->id == MILL_STRUCT);
  if ((e->hidden && !p->whole) || nested) return print(p, e->args[0]);
  if (p->plain) {
    MILL_TRY(wrap(p, e->mode == MILL_CAST_TRY ? "try_cast(" : "cast(", e->args[0], " as "));
    MILL_TRY(mill_type_simple(e->target, p->out, p->err));
    return puts_to(p, ")");
  }
  MILL_TRY(wrap(p, e->mode == MILL_CAST_TRY ? "TRY_CAST(" : "CAST(", e->args[0], " AS "));
  MILL_TRY(mill_type_sql(e->target, p->out, p->err));
  return puts_to(p, ")");
}

/* ---- calls ---------------------------------------------------------------------------------- */

/* Binary operators and the sign each is printed with. */
static const char *binary_sign(const char *name) {
  static const char *const sign[] = {"+",  "-", "*", "/", "%",   "div", "=",  "<",   ">",  "<=",
                                     ">=", "&", "|", "^", "<=>", "<<",  ">>", ">>>", "==", NULL};
  if (mill_is_name(name, "and")) return "AND";
  if (mill_is_name(name, "or")) return "OR";
  for (int i = 0; sign[i]; i++)
    if (mill_is_name(name, sign[i])) return strcmp(sign[i], "==") == 0 ? "=" : sign[i];
  return NULL;
}

static mill_status binary(printer *p, const mill_expr *e, const char *sign) {
  MILL_TRY(puts_to(p, "("));
  MILL_TRY(print(p, e->args[0]));
  MILL_TRY(puts_to(p, " "));
  MILL_TRY(puts_to(p, sign));
  MILL_TRY(puts_to(p, " "));
  MILL_TRY(print(p, e->args[1]));
  return puts_to(p, ")");
}

static mill_status in_list(printer *p, const mill_expr *e) {
  MILL_TRY(wrap(p, "(", e->args[0], " IN ("));
  MILL_TRY(list(p, e->args + 1, e->nargs - 1));
  return puts_to(p, "))");
}

static mill_status when(printer *p, const mill_expr *e) {
  int i = 0;
  MILL_TRY(puts_to(p, "CASE"));
  for (; i + 1 < e->nargs; i += 2) {
    MILL_TRY(wrap(p, " WHEN ", e->args[i], " THEN "));
    MILL_TRY(print(p, e->args[i + 1]));
  }
  if (i < e->nargs) MILL_TRY(wrap(p, " ELSE ", e->args[i], ""));
  return puts_to(p, " END");
}

static mill_status like(printer *p, const mill_expr *e, const char *word) {
  MILL_TRY(print(p, e->args[0]));
  MILL_TRY(puts_to(p, word));
  MILL_TRY(print(p, e->args[1]));
  return e->nargs > 2 ? wrap(p, " ESCAPE '", e->args[2], "'") : MILL_OK;
}

/* Functions that Spark prints in capitals; ceil and floor not with a scale. */
static bool shouted(const char *name, int nargs) {
  static const char *const names[] = {
      "acos",        "acosh", "asin",       "asinh",        "atan",
      "atan2",       "atanh", "cbrt",       "ceil",         "cos",
      "cosh",        "cot",   "csc",        "degrees",      "e",
      "exp",         "expm1", "floor",      "hypot",        "log",
      "log10",       "log1p", "log2",       "pi",           "power",
      "radians",     "sec",   "signum",     "sin",          "sinh",
      "sqrt",        "tan",   "tanh",       "rlike",        "regexp",
      "regexp_like", "rank",  "dense_rank", "percent_rank", "spark_partition_id",
      NULL};
  bool scaled = mill_is_name(name, "ceil") || mill_is_name(name, "floor");
  if (scaled && nargs > 1) return false;
  for (int i = 0; names[i]; i++)
    if (mill_is_name(name, names[i])) return true;
  return false;
}

static mill_status function_name(printer *p, const mill_expr *e) {
  bool loud = shouted(e->name, e->nargs);
  for (const char *s = e->fn ? mill_function_printed(e->fn, e->name) : e->name; *s; s++) {
    char c = (char)(loud ? toupper((unsigned char)*s) : tolower((unsigned char)*s));
    MILL_TRY(mill_text_addc(p->out, c, p->err));
  }
  return MILL_OK;
}

static mill_status sort_key(printer *p, const mill_expr *e) {
  MILL_TRY(print(p, e->args[0]));
  MILL_TRY(puts_to(p, e->descending ? " DESC" : " ASC"));
  return puts_to(p, e->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

/* What Spark shows behind the arguments where they are left out. */
static mill_status said(printer *p, const mill_expr *e) {
  const char *text = e->fn && e->fn->said ? e->fn->said : "";
  for (int i = 0; *text; i++) {
    size_t n;
    const char *entry = mill_next_fill(&text, &n);
    if (i < e->nargs) continue;
    bool quoted = n > 1 && *entry == '\'';
    MILL_TRY(mill_text_printf(p->out, p->err, "%s%.*s", i ? ", " : "", (int)n - 2 * quoted,
                              entry + quoted));
  }
  return MILL_OK;
}

/* first(x, true), first(x) IGNORE NULLS: Spark shows the value alone; so it does of the error that
** approx_count_distinct may make, and of the escape of ilike. */
static bool takes_nulls(const mill_expr *e) {
  static const char *const names[] = {
      "first", "last", "first_value", "last_value", "any_value", "approx_count_distinct", NULL};
  for (int i = 0; e->nargs > 0 && names[i]; i++)
    if (mill_is_name(e->name, names[i])) return true;
  return false;
}

static mill_status plain_call(printer *p, const mill_expr *e) {
  MILL_TRY(function_name(p, e));
  MILL_TRY(puts_to(p, e->distinct ? "(DISTINCT " : "("));
  if (e->star && e->nargs == 0) {
    MILL_TRY(puts_to(p, "1"));
  } else {
    int shown = takes_nulls(e) ? 1 : mill_x_is_call(e, "ilike") && e->nargs > 2 ? 2 : e->nargs;
    MILL_TRY(list(p, e->args, shown));
    MILL_TRY(said(p, e));
  }
  MILL_TRY(puts_to(p, ")"));
  if (e->ignore_nulls && !e->window && !takes_nulls(e)) MILL_TRY(puts_to(p, " IGNORE NULLS"));
  if (e->norder) {
    MILL_TRY(puts_to(p, " WITHIN GROUP (ORDER BY "));
    MILL_TRY(list(p, e->order, e->norder));
    MILL_TRY(puts_to(p, ")"));
  }
  return e->filter ? wrap(p, " FILTER (WHERE ", e->filter, ")") : MILL_OK;
}

/* TRIM(BOTH x FROM s), extract(YEAR FROM d): calls with a syntax of their own. */
static mill_status phrased(printer *p, const mill_expr *e, bool *done) {
  static const struct {
    const char *name, *shown;
  } forms[] = {{"trim", "TRIM(BOTH "},
               {"ltrim", "TRIM(LEADING "},
               {"rtrim", "TRIM(TRAILING "},
               {"extract", "extract("},
               {"datepart", "datepart("}};
  *done = false;
  for (size_t i = 0; e->nargs == 2 && i < sizeof forms / sizeof *forms; i++) {
    if (!mill_is_name(e->name, forms[i].name)) continue;
    *done = true;
    MILL_TRY(wrap(p, forms[i].shown, e->args[0], " FROM "));
    return wrap(p, "", e->args[1], ")");
  }
  return MILL_OK;
}

static mill_status call(printer *p, const mill_expr *e) {
  bool done;
  MILL_TRY(phrased(p, e, &done));
  if (done) return MILL_OK;
  const char *sign = e->nargs == 2 ? binary_sign(e->name) : NULL;
  if (sign) return binary(p, e, sign);
  if (e->nargs == 1) {
    if (strcmp(e->name, "-") == 0) return wrap(p, "(- ", e->args[0], ")");
    if (strcmp(e->name, "+") == 0 || mill_x_is_call(e, "positive"))
      return wrap(p, "(+ ", e->args[0], ")");
    if (strcmp(e->name, "~") == 0) return wrap(p, "~", e->args[0], "");
    if (mill_x_is_call(e, "not") || strcmp(e->name, "!") == 0)
      return wrap(p, "(NOT ", e->args[0], ")");
    if (mill_x_is_call(e, "isnull")) return wrap(p, "(", e->args[0], " IS NULL)");
    if (mill_x_is_call(e, "isnotnull")) return wrap(p, "(", e->args[0], " IS NOT NULL)");
  }
  if (mill_x_is_call(e, "in")) return in_list(p, e);
  if (mill_x_is_call(e, "when")) return when(p, e);
  if (mill_x_is_call(e, "like") && e->nargs >= 2) return like(p, e, " LIKE ");
  if (mill_x_is_call(e, "if") && e->nargs == 3) {
    MILL_TRY(puts_to(p, "(IF("));
    MILL_TRY(list(p, e->args, 3));
    return puts_to(p, "))");
  }
  return plain_call(p, e);
}

/* ---- windows -------------------------------------------------------------------------------- */

/* Is the distance cast to the type of the key that it moves? Spark shows what it negated, then. */
static bool distance_cast(const mill_window *v, const mill_expr *offset) {
  if (offset->type == NULL) return false;
  const mill_type *key = v->norder == 1 ? v->order[0]->args[0]->type : NULL;
  return v->unit == MILL_FRAME_RANGE && key && mill_type_numeric(key) && key != offset->type;
}

static mill_status edge(printer *p, const mill_window *v, mill_frame_bound bound,
                        const mill_expr *offset) {
  switch (bound) {
  case MILL_UNBOUNDED_PRECEDING: return puts_to(p, "UNBOUNDED PRECEDING");
  case MILL_UNBOUNDED_FOLLOWING: return puts_to(p, "UNBOUNDED FOLLOWING");
  case MILL_CURRENT_ROW: return puts_to(p, "CURRENT ROW");
  case MILL_PRECEDING:
    if (distance_cast(v, offset)) return wrap(p, "(- ", offset, ") FOLLOWING");
    return wrap(p, "", offset, " PRECEDING");
  case MILL_FOLLOWING: return wrap(p, "", offset, " FOLLOWING");
  }
  return MILL_OK;
}

/* What lag looks back by, where it is computed: Spark shows the number then, for it turns the sign around. */
static bool computed_offset(const mill_expr *call, int32_t *out) {
  const mill_expr *o = call->args[1];
  if (!mill_x_is_call(call, "lag") || o->kind == MILL_X_LITERAL || o->value == NULL) return false;
  if (o->value->type->id != MILL_INT || !mill_vector_valid(o->value, 0)) return false;
  *out = *(const int32_t *)o->value->data;
  return *out != INT32_MIN;
}

/* lag and lead have a frame of the one row that they look at. */
static mill_status shifted(printer *p, const mill_expr *call) {
  int32_t by;
  if (computed_offset(call, &by))
    return mill_text_printf(p->out, p->err, "ROWS BETWEEN %d FOLLOWING AND %d FOLLOWING", -by, -by);
  mill_text offset;
  mill_text_init(&offset, p->out->memory);
  printer own = {p->set, &offset, p->err, p->plain, p->outers, p->whole};
  mill_status s = print(&own, call->args[1]);
  if (s == MILL_OK) s = mill_text_addc(&offset, '\0', p->err);
  const char *text = s == MILL_OK ? offset.data : "";
  bool minus = *text == '-', back = mill_x_is_call(call, "lag") != minus && strcmp(text, "0") != 0;
  for (int i = 0; s == MILL_OK && i < 2; i++)
    s = mill_text_printf(p->out, p->err, "%s%s%s FOLLOWING", i ? " AND " : "ROWS BETWEEN ",
                         back ? "-" : "", text + minus);
  mill_text_clear(&offset);
  return s;
}

static mill_status window(printer *p, const mill_expr *e) {
  const mill_window *v = e->window;
  bool some = false;
  MILL_TRY(wrap(p, "", e->args[0], " OVER ("));
  if (v->npartition) {
    MILL_TRY(puts_to(p, "PARTITION BY "));
    MILL_TRY(list(p, v->partition, v->npartition));
    some = true;
  }
  if (v->norder) {
    MILL_TRY(puts_to(p, some ? " ORDER BY " : "ORDER BY "));
    MILL_TRY(list(p, v->order, v->norder));
    some = true;
  }
  bool shift = mill_x_is_call(e->args[0], "lag") || mill_x_is_call(e->args[0], "lead");
  if (shift && e->args[0]->nargs > 1) {
    if (some) MILL_TRY(puts_to(p, " "));
    MILL_TRY(shifted(p, e->args[0]));
  } else if (v->framed) {
    if (some) MILL_TRY(puts_to(p, " "));
    MILL_TRY(puts_to(p, v->unit == MILL_FRAME_ROWS ? "ROWS BETWEEN " : "RANGE BETWEEN "));
    MILL_TRY(edge(p, v, v->from, v->from_offset));
    MILL_TRY(puts_to(p, " AND "));
    MILL_TRY(edge(p, v, v->to, v->to_offset));
  }
  return puts_to(p, ")");
}

static mill_status lambda(printer *p, const mill_expr *e) {
  MILL_TRY(wrap(p, "lambdafunction(", e->args[0], ""));
  for (int i = 0; i < e->nparts; i++) {
    MILL_TRY(puts_to(p, ", "));
    MILL_TRY(puts_to(p, e->type ? "namedlambdavariable()" : e->parts[i]));
  }
  return puts_to(p, ")");
}

static mill_status alias(printer *p, const mill_expr *e) {
  const char *name = e->parts[0];
  bool plain = *name != '\0';
  for (const char *s = name; *s; s++) plain = plain && (isalnum((unsigned char)*s) || *s == '_');
  MILL_TRY(print(p, e->args[0]));
  return mill_text_printf(p->out, p->err, plain ? " AS %s" : " AS `%s`", name);
}

/* ---- queries: the columns of the outer query that they use, from the top down ------------------ */

typedef struct outer_list {
  printer *p;
  mill_status status;
  int n;
} outer_list;

static int list_outer(const mill_expr *e, void *arg) {
  outer_list *l = arg;
  if (e->kind != MILL_X_OUTER) return 0;
  l->status = mill_text_printf(l->p->out, l->p->err, "%s%s", l->n++ ? ", " : "", e->name);
  return l->status ? 1 : 0;
}

static void list_outers(outer_list *l, const mill_expr *const *list, int n) {
  for (int i = 0; i < n && l->status == MILL_OK; i++)
    if (list[i]) mill_x_any(list[i], list_outer, l);
}

static void outers_of(outer_list *l, const mill_node *n) {
  list_outers(l, n->exprs, n->nexprs);
  list_outers(l, n->keys, n->nkeys);
  list_outers(l, n->aggs, n->naggs);
  for (int i = 0; i < n->nchildren; i++) outers_of(l, n->child[i]);
}

static mill_status query(printer *p, const mill_expr *e, const char *before) {
  outer_list l = {.p = p};
  MILL_TRY(puts_to(p, before));
  if (e->query && e->query->analysed) outers_of(&l, e->query);
  MILL_TRY(l.status);
  return puts_to(p, ")");
}

static mill_status host(printer *p, const mill_expr *e) {
  bool plain = p->plain;
  MILL_TRY(puts_to(p, e->name ? e->name : e->host->name));
  MILL_TRY(puts_to(p, "("));
  p->plain = true;
  MILL_TRY(list(p, e->args, e->nargs));
  p->plain = plain;
  return puts_to(p, ")");
}

/* spark_catalog.default.t.`a b` */
static mill_status qualified(printer *p, const mill_expr *e) {
  for (int i = 0; i <= e->nparts; i++) {
    const char *s = i < e->nparts ? e->parts[i] : e->name;
    bool word = *s && s[strspn(s, "0123456789")];
    for (const char *c = s; *c; c++) word = word && (isalnum((unsigned char)*c) || *c == '_');
    MILL_TRY(mill_text_printf(p->out, p->err, word ? "%s%s" : "%s`%s`", i ? "." : "", s));
  }
  return MILL_OK;
}

static mill_status column(printer *p, const mill_expr *e) {
  bool outer = e->kind == MILL_X_OUTER;
  if (!p->whole && !(outer && p->outers)) return puts_to(p, e->name);
  if (!outer) return qualified(p, e);
  MILL_TRY(puts_to(p, "outer("));
  MILL_TRY(qualified(p, e));
  return puts_to(p, ")");
}

static mill_status print(printer *p, const mill_expr *e) {
  if (e->pretty) return puts_to(p, e->pretty);
  switch (e->kind) {
  case MILL_X_NAME: return dotted(p, e->parts, e->nparts);
  case MILL_X_TEXT: return puts_to(p, e->name);
  case MILL_X_STAR:
    MILL_TRY(dotted(p, e->parts, e->nparts));
    return puts_to(p, e->nparts ? ".*" : "*");
  case MILL_X_PARAMETER:
    return e->name ? mill_text_printf(p->out, p->err, ":%s", e->name) : puts_to(p, "?");
  case MILL_X_NAMED: return wrap(p, "", e->args[0], "");
  case MILL_X_LITERAL: return literal(p, e);
  case MILL_X_CALL: return call(p, e);
  case MILL_X_CAST: return cast(p, e);
  case MILL_X_EXTRACT: MILL_TRY(wrap(p, "", e->args[0], "[")); return wrap(p, "", e->args[1], "]");
  case MILL_X_FIELD: MILL_TRY(wrap(p, "", e->args[0], ".")); return puts_to(p, e->name);
  case MILL_X_ALIAS: return alias(p, e);
  case MILL_X_LAMBDA: return lambda(p, e);
  case MILL_X_VARIABLE: return puts_to(p, "namedlambdavariable()");
  case MILL_X_WINDOW: return window(p, e);
  case MILL_X_SORT: return sort_key(p, e);
  case MILL_X_SCALAR_QUERY: return query(p, e, "scalarsubquery(");
  case MILL_X_EXISTS: return query(p, e, "exists(");
  case MILL_X_IN_QUERY:
    if (e->nargs == 1) {
      MILL_TRY(wrap(p, "(", e->args[0], " IN ("));
      MILL_TRY(query(p, e, "listquery("));
      return puts_to(p, "))");
    }
    MILL_TRY(puts_to(p, "(named_struct("));
    for (int i = 0; i < e->nargs; i++) {
      MILL_TRY(wrap(p, i ? ", '" : "'", e->args[i], "', "));
      MILL_TRY(print(p, e->args[i]));
    }
    MILL_TRY(puts_to(p, ") IN ("));
    MILL_TRY(query(p, e, "listquery("));
    return puts_to(p, "))");
  case MILL_X_HOST: return host(p, e);
  case MILL_X_COLUMN:
  case MILL_X_OUTER: return column(p, e);
  }
  return MILL_OK;
}

mill_status mill_expr_sql(const mill_expr *e, const mill_settings *set, mill_text *out,
                          mill_error *err) {
  printer p = {.set = set, .out = out, .err = err};
  return print(&p, e);
}

/* ---- for the planner ------------------------------------------------------------------------ */

static const char *printed(mill_planner *w, const mill_expr *e, bool outers, bool whole) {
  mill_text t;
  mill_text_init(&t, w->ctx->memory);
  const char *s = NULL;
  printer p = {.set = &w->set, .out = &t, .outers = outers, .whole = whole};
  if (print(&p, e) == MILL_OK) s = mill_arena_strndup(w->arena, t.data ? t.data : "", t.size);
  mill_text_clear(&t);
  if (s == NULL) w->nameless = true;
  if (s == NULL && w->status == MILL_OK) w->status = mill_oom(w->ctx->memory, 1, w->err);
  return s ? s : "?";
}

const char *mill_w_sql(mill_planner *w, const mill_expr *e) { return printed(w, e, false, false); }
const char *mill_w_name_of(mill_planner *w, const mill_expr *e) {
  return printed(w, e, true, false);
}
const char *mill_w_whole_sql(mill_planner *w, const mill_expr *e) {
  return printed(w, e, true, true);
}

const char *mill_w_quoted_sql(mill_planner *w, const mill_expr *e) {
  return mill_error_fmt(w->err, "\"%s\"", mill_w_sql(w, e));
}

const char *mill_w_quoted_type(mill_planner *w, const mill_type *t) {
  return mill_type_quoted(w->ctx->memory, t, w->err);
}

const char *mill_w_simple_type(mill_planner *w, const mill_type *t) {
  mill_text s;
  mill_text_init(&s, w->ctx->memory);
  mill_status status = mill_type_simple(t, &s, w->err);
  if (status != MILL_OK) w->status = status;
  const char *text = status == MILL_OK ? mill_w_copy(w, s.data, s.size) : NULL;
  mill_text_clear(&s);
  return text;
}

const char *mill_w_quoted_parts(mill_planner *w, const char *const *parts, int n) {
  char buf[1024];
  size_t at = 0;
  for (int i = 0; i < n && at + 8 < sizeof buf; i++) {
    const char *sep = i ? "." : "", *p = parts[i];
    at += (size_t)snprintf(buf + at, sizeof buf - at, "%s`", sep);
    for (; *p && at + 4 < sizeof buf; p++) {
      if (*p == '`') buf[at++] = '`'; /* doubled, as it is written */
      buf[at++] = *p;
    }
    buf[at++] = '`';
    buf[at] = '\0';
  }
  return mill_error_fmt(w->err, "%s", n ? buf : "");
}
