/* Making of expressions, nodes and lists in the arena of a plan; see plan_int.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

mill_status mill_planner_init(mill_planner *w, mill_plan *p, mill_error *err) {
  *w = (mill_planner){.session = p->session, .plan = p, .arena = &p->arena, .err = err};
  w->locals = p->locals;
  w->ctx = mill_session_context(p->session);
  if (mill_session_closed(p->session)) return mill_fail(err, MILL_E_SESSION_CLOSED, NULL);
  return mill_session_settings(p->session, &w->set, err);
}

void mill_w_at(mill_planner *w, const char *text, int32_t start, int32_t stop) {
  if (w->err && w->err->start < 0 && start >= 0 && text)
    mill_error_in(w->err, text, (size_t)start, (size_t)stop);
}

bool mill_w_too_deep(mill_planner *w) {
  w->status = mill_fail(w->err, MILL_E_PLAN_TOO_DEEP, "limit",
                        mill_error_fmt(w->err, "%d", MILL_PLAN_DEPTH), NULL);
  return false;
}

bool mill_w_enter(mill_planner *w) {
  if (w->depth >= MILL_PLAN_DEPTH) return mill_w_too_deep(w);
  w->depth++;
  return true;
}

void mill_w_leave(mill_planner *w) { w->depth--; }

/* Whatever becomes of a plan needs memory: asked for it now and then, the session may say that it is enough. */
static bool goes_on(mill_planner *w) {
  enum { WATCHED = 128 };
  if (++w->taken % WATCHED != 0 || w->status != MILL_OK) return true;
  w->status = mill_watch_check(w->err);
  return w->status == MILL_OK;
}

void *mill_w_alloc(mill_planner *w, size_t n) {
  if (!goes_on(w)) return NULL;
  void *p = mill_arena_alloc(w->arena, n ? n : 1);
  if (p == NULL) w->status = mill_oom(w->arena->memory, n, w->err);
  return p;
}

void *mill_w_take(mill_planner *w, size_t n) {
  if (!goes_on(w)) return NULL;
  void *p = mill_arena_take(w->arena, n);
  if (p == NULL) w->status = mill_oom(w->arena->memory, n, w->err);
  return p;
}

const char *mill_w_copy(mill_planner *w, const char *s, size_t n) {
  const char *p = mill_arena_strndup(w->arena, s, n);
  if (p == NULL) w->status = mill_oom(w->arena->memory, n, w->err);
  return p;
}

const char *mill_w_printf(mill_planner *w, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *p = n < 0 ? NULL : mill_w_alloc(w, (size_t)n + 1);
  if (p == NULL) return NULL;
  va_start(ap, fmt);
  vsnprintf(p, (size_t)n + 1, fmt, ap);
  va_end(ap);
  return p;
}

bool mill_w_same_name(const mill_planner *w, const char *a, const char *b) {
  return (w->set.case_sensitive ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

bool mill_w_conf(const mill_planner *w, const char *key) {
  const char *v = mill_session_get(w->session, key);
  return v && strcasecmp(v, "true") == 0;
}

/* ---- lists ---------------------------------------------------------------------------------- */

bool mill_exprs_add(mill_planner *w, mill_exprs *l, const mill_expr *e) {
  if (e == NULL) return false;
  if (l->n == l->capacity) {
    int capacity = l->capacity ? 2 * l->capacity : 8;
    const mill_expr **at = mill_w_alloc(w, (size_t)capacity * sizeof *at);
    if (at == NULL) return false;
    if (l->n) memcpy(at, l->at, (size_t)l->n * sizeof *at);
    l->at = at;
    l->capacity = capacity;
  }
  l->at[l->n++] = e;
  return true;
}

bool mill_exprs_copy(mill_planner *w, mill_exprs *l, const mill_expr *const *e, int n) {
  for (int i = 0; i < n; i++)
    if (!mill_exprs_add(w, l, e[i])) return false;
  return true;
}

/* ---- expressions ---------------------------------------------------------------------------- */

mill_expr *mill_x_new(mill_planner *w, mill_expr_kind kind, const mill_expr *like) {
  mill_expr *e = mill_expr_new(w->arena, kind);
  if (e == NULL) {
    w->status = mill_oom(w->arena->memory, sizeof *e, w->err);
    return NULL;
  }
  if (like) {
    e->text = like->text;
    e->start = like->start;
    e->stop = like->stop;
  }
  return e;
}

static const mill_expr **copy_list(mill_planner *w, const mill_expr *const *from, int n) {
  const mill_expr **to = mill_w_alloc(w, (size_t)(n + 1) * sizeof *to);
  if (to && n) memcpy(to, from, (size_t)n * sizeof *to);
  return to;
}

mill_expr *mill_x_copy(mill_planner *w, const mill_expr *e) {
  if (e == NULL) return NULL;
  mill_expr *c = mill_w_take(w, sizeof *c);
  if (c == NULL) return NULL;
  *c = *e;
  c->args = copy_list(w, e->args, e->nargs);
  c->order = e->norder ? copy_list(w, e->order, e->norder) : NULL;
  return c->args && (c->order || !e->norder) ? c : NULL;
}

static mill_expr *with_args(mill_planner *w, mill_expr *e, int n) {
  if (e == NULL) return NULL;
  e->args = mill_w_alloc(w, (size_t)(n + 1) * sizeof *e->args);
  e->nargs = n;
  return e->args ? e : NULL;
}

mill_expr *mill_x_alias(mill_planner *w, const mill_expr *e, const char *name) {
  if (e == NULL || name == NULL) return NULL;
  mill_expr *a = with_args(w, mill_x_new(w, MILL_X_ALIAS, e), 1);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (a == NULL || parts == NULL) return NULL;
  parts[0] = name;
  a->parts = parts;
  a->nparts = 1;
  a->args[0] = e;
  a->name = name;
  a->type = e->type;
  a->nullable = e->nullable;
  a->metadata = e->kind == MILL_X_COLUMN || e->kind == MILL_X_ALIAS ? e->metadata : NULL;
  a->id = mill_session_next_id(w->session);
  return a;
}

mill_expr *mill_x_column(mill_planner *w, const mill_expr *named) {
  if (named == NULL) return NULL;
  mill_expr *c = mill_x_new(w, MILL_X_COLUMN, NULL);
  if (c == NULL) return NULL;
  bool column = named->kind == MILL_X_COLUMN || named->kind == MILL_X_OUTER;
  c->id = named->id;
  c->name = named->kind == MILL_X_ALIAS ? named->parts[0] : named->name;
  c->type = named->type;
  c->nullable = named->nullable;
  c->metadata = named->metadata;
  c->parts = column ? named->parts : NULL;
  c->nparts = column ? named->nparts : 0;
  return c;
}

mill_expr *mill_x_name(mill_planner *w, const char *name) {
  mill_expr *e = mill_x_new(w, MILL_X_NAME, NULL);
  const char **parts = mill_w_alloc(w, sizeof *parts);
  if (e == NULL || parts == NULL || name == NULL) return NULL;
  parts[0] = name;
  e->parts = parts;
  e->nparts = 1;
  return e;
}

static mill_expr *call_va(mill_planner *w, const char *name, int n, va_list ap) {
  mill_expr *e = with_args(w, mill_x_new(w, MILL_X_CALL, NULL), n);
  if (e == NULL) return NULL;
  e->name = name;
  for (int i = 0; i < n; i++) {
    e->args[i] = va_arg(ap, const mill_expr *);
    if (e->args[i] == NULL) return NULL;
  }
  if (n > 0) {
    e->text = e->args[0]->text;
    e->start = e->args[0]->start;
    e->stop = e->args[0]->stop;
  }
  return e;
}

mill_expr *mill_x_call(mill_planner *w, const char *name, int n, ...) {
  va_list ap;
  va_start(ap, n);
  mill_expr *e = call_va(w, name, n, ap);
  va_end(ap);
  return e;
}

const mill_expr *mill_x_bound(mill_planner *w, const char *name, int n, ...) {
  va_list ap;
  va_start(ap, n);
  mill_expr *e = call_va(w, name, n, ap);
  va_end(ap);
  return e ? mill_bind_call(w, NULL, e) : NULL;
}

const mill_expr *mill_x_and(mill_planner *w, const mill_expr *a, const mill_expr *b) {
  if (w->status != MILL_OK) return NULL; /* one of them failed, which is not to be none */
  if (a == NULL) return b;
  if (b == NULL) return a;
  return mill_x_bound(w, "and", 2, a, b);
}

/* A tree of some parts grows to the left, as Spark's does, one of many by halves. */
const mill_expr *mill_x_all(mill_planner *w, const mill_expr *const *at, int n) {
  const mill_expr *e = NULL;
  if (n > 64) {
    const mill_expr *left = mill_x_all(w, at, n / 2);
    const mill_expr *right = left ? mill_x_all(w, at + n / 2, n - n / 2) : NULL;
    return right ? mill_x_and(w, left, right) : NULL;
  }
  for (int i = 0; i < n; i++) {
    e = mill_x_and(w, e, at[i]);
    if (e == NULL) return NULL;
  }
  return e;
}

const mill_expr *mill_x_cast(mill_planner *w, const mill_expr *e, const mill_type *t) {
  if (e == NULL || t == NULL) return NULL;
  if (e->type == t) return e;
  if (e->kind == MILL_X_LITERAL && e->type->id == MILL_NULL) {
    if (mill_type_holds(t, MILL_TIME) && !w->set.times)
      return MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_TIME_TYPE, NULL);
    mill_expr *null = mill_x_copy(w, mill_x_null(w, t));
    if (null == NULL) return NULL;
    null->hidden = true;
    null->pretty = e->pretty;
    null->text = e->text, null->start = e->start, null->stop = e->stop;
    return null;
  }
  mill_expr *c = with_args(w, mill_x_new(w, MILL_X_CAST, e), 1);
  if (c == NULL) return NULL;
  c->args[0] = e;
  c->target = t;
  c->hidden = true;
  c->mode = w->set.ansi ? MILL_CAST_ANSI : MILL_CAST_LEGACY;
  return mill_bind_cast(w, c);
}

/* A literal of `width` bytes; data NULL: null. */
static const mill_expr *literal(mill_planner *w, const mill_type *t, const void *data,
                                size_t width) {
  mill_expr *e = mill_x_new(w, MILL_X_LITERAL, NULL);
  mill_vector *v = mill_w_alloc(w, sizeof *v);
  void *bytes = mill_w_alloc(w, 16);
  if (e == NULL || v == NULL || bytes == NULL || t == NULL) return NULL;
  if (data) memcpy(bytes, data, width);
  if (data == NULL) {
    mill_vector_null(v, t);
  } else {
    *v = (mill_vector){.type = t, .data = bytes, .size = 1};
  }
  e->value = v;
  e->type = t;
  e->nullable = data == NULL;
  return e;
}

const mill_expr *mill_x_constant(mill_planner *w, const mill_type *t, const void *data) {
  return literal(w, t, data, t->width);
}

const mill_expr *mill_x_int(mill_planner *w, int32_t v) {
  return literal(w, mill_type_of(MILL_INT), &v, sizeof v);
}
const mill_expr *mill_x_bigint(mill_planner *w, int64_t v) {
  return literal(w, mill_type_of(MILL_BIGINT), &v, sizeof v);
}
const mill_expr *mill_x_bool(mill_planner *w, bool v) {
  uint8_t b = v;
  return literal(w, mill_type_of(MILL_BOOLEAN), &b, sizeof b);
}
const mill_expr *mill_x_string(mill_planner *w, const char *s) {
  if (s == NULL) return NULL;
  mill_str v = mill_str_view(s, strlen(s));
  return literal(w, mill_type_of(MILL_STRING), &v, sizeof v);
}
const mill_expr *mill_x_null(mill_planner *w, const mill_type *t) { return literal(w, t, NULL, 0); }

const mill_expr *mill_x_value(mill_planner *w, const mill_vector *v, const mill_type *t) {
  mill_expr *e = mill_x_new(w, MILL_X_LITERAL, NULL);
  if (e == NULL || v == NULL) return NULL;
  e->value = v;
  e->type = t;
  e->nullable = !mill_vector_valid(v, 0);
  return e;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

mill_node *mill_w_node(mill_planner *w, mill_node_kind kind, const mill_node *like) {
  mill_node *n = mill_node_new(w->arena, kind);
  if (n == NULL) {
    w->status = mill_oom(w->arena->memory, sizeof *n, w->err);
    return NULL;
  }
  n->analysed = true;
  if (like) {
    n->text = like->text;
    n->start = like->start;
    n->stop = like->stop;
  }
  return n;
}

mill_node *mill_w_node_copy(mill_planner *w, const mill_node *n) {
  if (n == NULL) return NULL;
  mill_node *c = mill_w_take(w, sizeof *c);
  if (c == NULL) return NULL;
  *c = *n;
  c->analysed = true;
  c->child = mill_w_alloc(w, (size_t)(n->nchildren + 1) * sizeof *c->child);
  if (c->child == NULL) return NULL;
  for (int i = 0; i < n->nchildren; i++) c->child[i] = n->child[i];
  return c;
}

mill_node *mill_w_unary(mill_planner *w, mill_node_kind kind, const mill_node *child) {
  if (child == NULL) return NULL;
  mill_node *n = mill_w_node(w, kind, child);
  const mill_node **c = mill_w_alloc(w, sizeof *c);
  if (n == NULL || c == NULL) return NULL;
  c[0] = child;
  n->child = c;
  n->nchildren = 1;
  n->streaming = child->streaming;
  mill_w_output_child(n);
  return n;
}

mill_node *mill_w_binary(mill_planner *w, mill_node_kind kind, const mill_node *a,
                         const mill_node *b) {
  if (a == NULL || b == NULL) return NULL;
  mill_node *n = mill_w_node(w, kind, a);
  const mill_node **c = mill_w_alloc(w, 2 * sizeof *c);
  if (n == NULL || c == NULL) return NULL;
  c[0] = a;
  c[1] = b;
  n->child = c;
  n->nchildren = 2;
  n->streaming = a->streaming || b->streaming;
  return n;
}

bool mill_w_set_exprs(mill_planner *w, mill_node *n, const mill_exprs *l) {
  if (n == NULL) return false;
  n->exprs = copy_list(w, l->at, l->n);
  n->nexprs = l->n;
  return n->exprs != NULL;
}

bool mill_w_output_exprs(mill_planner *w, mill_node *n, int count) {
  n->output = mill_w_alloc(w, (size_t)(count + 1) * sizeof *n->output);
  if (n->output == NULL) return false;
  for (int i = 0; i < count; i++) {
    n->output[i] = mill_x_column(w, n->exprs[i]);
    if (n->output[i] == NULL) return false;
  }
  n->noutput = count;
  return true;
}

void mill_w_output_child(mill_node *n) {
  n->output = n->child[0]->output;
  n->noutput = n->child[0]->noutput;
}

mill_node *mill_w_project(mill_planner *w, const mill_node *child, const mill_exprs *l) {
  mill_node *n = mill_w_unary(w, MILL_N_PROJECT, child);
  return n && mill_w_set_exprs(w, n, l) && mill_w_output_exprs(w, n, l->n) ? n : NULL;
}

mill_node *mill_w_filter(mill_planner *w, const mill_node *child, const mill_expr *condition) {
  mill_exprs l = {0};
  mill_node *n = mill_w_unary(w, MILL_N_FILTER, child);
  return n && mill_exprs_add(w, &l, condition) && mill_w_set_exprs(w, n, &l) ? n : NULL;
}

const mill_type *mill_w_schema(mill_planner *w, const mill_expr *const *output, int n) {
  mill_field *f = mill_w_alloc(w, (size_t)(n + 1) * sizeof *f);
  if (f == NULL) return NULL;
  for (int i = 0; i < n; i++) {
    f[i] = (mill_field){output[i]->name, output[i]->type, output[i]->nullable, output[i]->metadata};
  }
  const mill_type *t = mill_type_struct(w->ctx->types, f, (uint32_t)n);
  if (t == NULL) w->status = mill_oom(w->ctx->memory, (size_t)n * sizeof *f, w->err);
  return t;
}
