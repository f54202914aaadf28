/* Tokens, marks, errors and nodes of a parse: see parser_int.h. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/thread.h"

bool mill_p_accept(mill_parser *p, int kind) {
  if (!mill_p_is(p, kind) || p->failed) return false;
  if (kind != MILL_T_EOF) p->at++;
  return true;
}

bool mill_p_accept2(mill_parser *p, int a, int b) {
  if (p->failed || mill_p_peek(p, 0) != a || mill_p_peek(p, 1) != b) return false;
  p->at += 2;
  return true;
}

void mill_p_expect(mill_parser *p, int kind) {
  if (!mill_p_accept(p, kind)) mill_p_syntax(p);
}

void mill_p_syntax(mill_parser *p) {
  if (p->failed) return;
  p->failed = MILL_P_SYNTAX;
  if (p->at >= p->furthest) {
    p->furthest = p->at;
    p->extra = false;
  }
}

void mill_p_stop(mill_parser *p, mill_status s) {
  if (p->failed == MILL_P_STOPPED) return;
  p->failed = MILL_P_STOPPED;
  p->status = s;
}

void mill_p_oom(mill_parser *p, size_t n) {
  if (p->failed != MILL_P_STOPPED) mill_p_stop(p, mill_oom(p->arena->memory, n, p->err));
}

bool mill_p_word(const mill_parser *p, int ahead, const char *word) {
  int kind = mill_p_peek(p, ahead);
  if (kind != MILL_T_IDENTIFIER && kind < MILL_T_KEYWORD) return false;
  const mill_token *t = &p->token[p->at + ahead];
  size_t n = (size_t)(t->stop - t->start);
  if (strlen(word) != n) return false;
  for (size_t i = 0; i < n; i++)
    if (toupper((unsigned char)p->text[t->start + (int32_t)i]) != word[i]) return false;
  return true;
}

bool mill_p_enter(mill_parser *p) {
  p->depth++;
  if (p->failed) return false;
  if (p->depth <= MILL_PARSE_DEPTH) return true;
  mill_p_stop(p, mill_fail(p->err, MILL_E_FAILED_TO_PARSE_TOO_COMPLEX, NULL));
  mill_error_in(p->err, p->text, (size_t)p->token[p->at].start, (size_t)p->token[p->at].stop);
  return false;
}

mill_mark mill_p_mark(const mill_parser *p) {
  return (mill_mark){p->at, p->windows.n, p->parameters, p->depth, p->status};
}

bool mill_p_back(mill_parser *p, mill_mark m) {
  if (p->failed == MILL_P_STOPPED) return false;
  p->failed = MILL_P_FINE;
  p->at = m.at;
  p->windows.n = m.windows;
  p->parameters = m.parameters;
  p->depth = m.depth;
  p->status = m.status;
  return true;
}

/* Asked now and then whether to go on. */
static void watch(mill_parser *p) {
  enum { WATCHED = 256 };
  if (++p->made % WATCHED != 0 || p->failed == MILL_P_STOPPED) return;
  mill_error why;
  mill_error_clear(&why);
  mill_status s = mill_watch_check(&why);
  if (s == MILL_OK) return;
  *p->err = why; /* an error of meaning may stand there */
  mill_p_stop(p, s);
}

static int32_t start_of(const mill_parser *p, int token) { return p->token[token].start; }
static int32_t stop_of(const mill_parser *p, int from) {
  return p->at > from ? p->token[p->at - 1].stop : p->token[from].stop;
}

void mill_p_error(mill_parser *p, int from, mill_status condition, ...) {
  if (p->failed || p->status != MILL_OK) return;
  const char *pair[8] = {NULL};
  va_list ap;
  va_start(ap, condition);
  for (int i = 0; i < 8 && (pair[i] = va_arg(ap, const char *)) != NULL; i++) {
  }
  va_end(ap);
  p->status = mill_fail(p->err, condition, pair[0], pair[1], pair[2], pair[3], pair[4], pair[5],
                        pair[6], pair[7], NULL);
  mill_error_in(p->err, p->text, (size_t)start_of(p, from), (size_t)stop_of(p, from));
}

const char *mill_p_fragment(mill_parser *p, int from) {
  return mill_p_copy(p, p->text + start_of(p, from),
                     (size_t)(stop_of(p, from) - start_of(p, from)));
}

void *mill_p_alloc(mill_parser *p, size_t n) {
  void *q = mill_arena_alloc(p->arena, n);
  if (q == NULL) mill_p_oom(p, n);
  return q;
}

const char *mill_p_copy(mill_parser *p, const char *s, size_t n) {
  const char *q = mill_arena_strndup(p->arena, s, n);
  if (q == NULL) mill_p_oom(p, n);
  return q ? q : "";
}

const char *mill_p_quoted(mill_parser *p, const char *s, char quote) {
  size_t n = strlen(s);
  char *q = mill_p_alloc(p, n + 3);
  if (q == NULL) return "";
  q[0] = q[n + 1] = quote;
  memcpy(q + 1, s, n);
  return q;
}

mill_expr *mill_p_expr(mill_parser *p, mill_expr_kind kind, int from) {
  watch(p);
  mill_expr *e = mill_expr_new(p->arena, kind);
  if (e == NULL) {
    mill_p_oom(p, sizeof *e);
    e = &p->dead_expr;
    *e = (mill_expr){.kind = kind};
  }
  e->text = p->text;
  e->start = start_of(p, from);
  e->stop = stop_of(p, from);
  return e;
}

mill_node *mill_p_node(mill_parser *p, mill_node_kind kind, int from) {
  watch(p);
  mill_node *n = mill_node_new(p->arena, kind);
  if (n == NULL) {
    mill_p_oom(p, sizeof *n);
    n = &p->dead_node;
    *n = (mill_node){.kind = kind};
  }
  n->text = p->text;
  n->start = start_of(p, from);
  n->stop = stop_of(p, from);
  return n;
}

void mill_p_push(mill_parser *p, mill_list *l, const void *item) {
  if (l->n == l->cap) {
    int cap = l->cap ? l->cap * 2 : 4;
    void **q = mill_p_alloc(p, (size_t)cap * sizeof *q);
    if (q == NULL) return;
    if (l->n) memcpy(q, l->item, (size_t)l->n * sizeof *q);
    l->item = q;
    l->cap = cap;
  }
  union {
    const void *in;
    void *out;
  } u = {item};
  l->item[l->n++] = u.out;
}

const mill_node **mill_p_children(mill_parser *p, const mill_node *a, const mill_node *b) {
  mill_list l = {0};
  mill_p_push(p, &l, a);
  if (b) mill_p_push(p, &l, b);
  return (const mill_node **)l.item;
}

mill_node *mill_p_unary_node(mill_parser *p, mill_node_kind kind, const mill_node *child,
                             int from) {
  mill_node *n = mill_p_node(p, kind, from);
  n->child = mill_p_children(p, child, NULL);
  n->nchildren = 1;
  return n;
}

mill_expr *mill_p_call(mill_parser *p, int from, const char *name, int n, ...) {
  mill_expr *e = mill_p_expr(p, MILL_X_CALL, from);
  mill_list l = {0};
  va_list ap;
  va_start(ap, n);
  for (int i = 0; i < n; i++) mill_p_push(p, &l, va_arg(ap, const mill_expr *));
  va_end(ap);
  e->name = name;
  mill_p_exprs(&l, &e->args, &e->nargs);
  return e;
}
