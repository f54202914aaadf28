/* XPath expressions evaluated: operators and location paths. Sets of nodes are arrays in document order without
** doubles; what a step finds is sorted by the nodes' places once all of its context has been gone through. */
#include "kernel/xpath_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/thread.h"

enum { WATCH_EVERY = 4096 };

typedef struct node_list {
  const mill_xml **at;
  size_t n, capacity;
} node_list;

static mill_status add(xpath_run *r, node_list *l, const mill_xml *x) {
  if (++r->steps % WATCH_EVERY == 0) MILL_TRY(mill_watch_check(r->err));
  if (l->n == l->capacity) {
    size_t capacity = l->capacity ? 2 * l->capacity : 8;
    const mill_xml **grown = mill_arena_alloc(r->arena, capacity * sizeof *grown);
    if (grown == NULL) return mill_oom(r->arena->memory, capacity * sizeof *grown, r->err);
    if (l->n) memcpy(grown, l->at, l->n * sizeof *grown);
    l->at = grown;
    l->capacity = capacity;
  }
  l->at[l->n++] = x;
  return MILL_OK;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static bool matches(const xpath_step *s, const mill_xml *x) {
  mill_xml_kind principal = s->axis == AXIS_ATTRIBUTE ? MILL_XML_ATTRIBUTE : MILL_XML_ELEMENT;
  switch (s->test) {
  case TEST_NODE: return true;
  case TEST_TEXT: return x->kind == MILL_XML_TEXT;
  case TEST_COMMENT: return x->kind == MILL_XML_COMMENT;
  case TEST_PI:
    return x->kind == MILL_XML_INSTRUCTION && (!s->name || strcmp(s->name, x->name) == 0);
  case TEST_ANY: return x->kind == principal;
  case TEST_NAME: return x->kind == principal && strcmp(s->name, mill_xml_local(x)) == 0;
  }
  return false;
}

static mill_status found(xpath_run *r, const xpath_step *s, const mill_xml *x, node_list *l) {
  return matches(s, x) ? add(r, l, x) : MILL_OK;
}

/* The node behind x in document order, within `top`; attributes are passed over. */
static const mill_xml *next_below(const mill_xml *x, const mill_xml *top) {
  if (x->child) return x->child;
  while (x != top && x->next == NULL) x = x->parent;
  return x == top ? NULL : x->next;
}

static mill_status below(xpath_run *r, const xpath_step *s, const mill_xml *top, node_list *l) {
  if (top->kind == MILL_XML_ATTRIBUTE) return MILL_OK;
  for (const mill_xml *x = next_below(top, top); x; x = next_below(x, top))
    MILL_TRY(found(r, s, x, l));
  return MILL_OK;
}

/* The node and what is below it, last first. */
static mill_status below_reversed(xpath_run *r, const xpath_step *s, const mill_xml *top,
                                  node_list *l) {
  size_t from = l->n;
  MILL_TRY(found(r, s, top, l));
  MILL_TRY(below(r, s, top, l));
  for (size_t i = from, k = l->n; i + 1 < k; i++) {
    const mill_xml *x = l->at[i];
    l->at[i] = l->at[--k];
    l->at[k] = x;
  }
  return MILL_OK;
}

static bool is_declaration(const mill_xml *attribute) {
  return strncmp(attribute->name, "xmlns", 5) == 0 &&
         (attribute->name[5] == 0 || attribute->name[5] == ':');
}

/* The nodes of an axis that fit the test, in the axis's own order. */
static mill_status walk(xpath_run *r, const xpath_step *s, const mill_xml *x, node_list *l) {
  bool attribute = x->kind == MILL_XML_ATTRIBUTE;
  const mill_xml *y;
  switch (s->axis) {
  case AXIS_CHILD:
    for (y = attribute ? NULL : x->child; y; y = y->next) MILL_TRY(found(r, s, y, l));
    return MILL_OK;
  case AXIS_DESCENDANT_OR_SELF: MILL_TRY(found(r, s, x, l)); return below(r, s, x, l);
  case AXIS_DESCENDANT: return below(r, s, x, l);
  case AXIS_PARENT: return x->parent ? found(r, s, x->parent, l) : MILL_OK;
  case AXIS_ANCESTOR:
  case AXIS_ANCESTOR_OR_SELF:
    for (y = s->axis == AXIS_ANCESTOR ? x->parent : x; y; y = y->parent)
      MILL_TRY(found(r, s, y, l));
    return MILL_OK;
  case AXIS_FOLLOWING_SIBLING:
    for (y = attribute ? NULL : x->next; y; y = y->next) MILL_TRY(found(r, s, y, l));
    return MILL_OK;
  case AXIS_PRECEDING_SIBLING:
    for (y = attribute ? NULL : x->prev; y; y = y->prev) MILL_TRY(found(r, s, y, l));
    return MILL_OK;
  case AXIS_FOLLOWING:
    if (attribute) {
      MILL_TRY(below(r, s, x->parent, l));
      x = x->parent;
    }
    for (; x; x = x->parent)
      for (y = x->next; y; y = y->next) {
        MILL_TRY(found(r, s, y, l));
        MILL_TRY(below(r, s, y, l));
      }
    return MILL_OK;
  case AXIS_PRECEDING:
    for (x = attribute ? x->parent : x; x; x = x->parent)
      for (y = x->prev; y; y = y->prev) MILL_TRY(below_reversed(r, s, y, l));
    return MILL_OK;
  case AXIS_ATTRIBUTE:
    for (y = x->kind == MILL_XML_ELEMENT ? x->attribute : NULL; y; y = y->next)
      if (!is_declaration(y)) MILL_TRY(found(r, s, y, l));
    return MILL_OK;
  case AXIS_SELF: return found(r, s, x, l);
  case AXIS_NAMESPACE:
  case AXIS_FILTER: return MILL_OK;
  }
  return MILL_OK;
}

/* Keep what the predicate holds for: a number is a position. */
static mill_status filter(xpath_run *r, const mill_xpath *predicate, node_list *l, size_t from) {
  size_t kept = from, size = l->n - from;
  for (size_t i = from; i < l->n; i++) {
    mill_xpath_value v;
    xpath_place at = {l->at[i], i - from + 1, size};
    MILL_TRY(mill_xpath_eval(r, predicate, &at, &v));
    bool keep = v.kind == XPATH_NUMBER ? v.number == (double)at.position : mill_xpath_bool(&v);
    if (keep) l->at[kept++] = l->at[i];
  }
  l->n = kept;
  return MILL_OK;
}

static int by_order(const void *a, const void *b) {
  uint32_t x = (*(const mill_xml *const *)a)->order, y = (*(const mill_xml *const *)b)->order;
  return (x > y) - (x < y);
}

static void sort(node_list *l) {
  size_t kept = 0;
  bool sorted = true;
  for (size_t i = 1; i < l->n; i++) sorted &= l->at[i - 1]->order < l->at[i]->order;
  if (sorted) return;
  qsort(l->at, l->n, sizeof *l->at, by_order);
  for (size_t i = 0; i < l->n; i++)
    if (kept == 0 || l->at[kept - 1] != l->at[i]) l->at[kept++] = l->at[i];
  l->n = kept;
}

static mill_status take_step(xpath_run *r, const xpath_step *s, const node_list *in,
                             node_list *out) {
  *out = (node_list){NULL, 0, 0};
  if (s->axis == AXIS_FILTER) {
    for (size_t i = 0; i < in->n; i++) MILL_TRY(add(r, out, in->at[i]));
    for (const mill_xpath *p = s->predicates; p; p = p->next) MILL_TRY(filter(r, p, out, 0));
    return MILL_OK;
  }
  for (size_t i = 0; i < in->n; i++) {
    size_t from = out->n;
    MILL_TRY(walk(r, s, in->at[i], out));
    for (const mill_xpath *p = s->predicates; p; p = p->next) MILL_TRY(filter(r, p, out, from));
  }
  sort(out);
  return MILL_OK;
}

static mill_status no_nodes(xpath_run *r) {
  return mill_fail(r->err, MILL_E_INVALID_XPATH, "path", r->source, "reason",
                   "a set of nodes is needed where there is another value", "position", "1", NULL);
}

static mill_status path(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                        mill_xpath_value *out) {
  node_list l = {NULL, 0, 0};
  if (x->a) {
    MILL_TRY(mill_xpath_eval(r, x->a, at, out));
    if (out->kind != XPATH_NODES) return no_nodes(r);
    l = (node_list){out->node, out->n, out->n};
  } else {
    MILL_TRY(add(r, &l, x->absolute ? r->root : at->node));
  }
  for (const xpath_step *s = x->steps; s; s = s->next) {
    node_list next;
    MILL_TRY(take_step(r, s, &l, &next));
    l = next;
  }
  *out = (mill_xpath_value){.kind = XPATH_NODES, .node = l.at, .n = l.n};
  return MILL_OK;
}

static mill_status unite(xpath_run *r, const mill_xpath_value *a, const mill_xpath_value *b,
                         mill_xpath_value *out) {
  node_list l = {NULL, 0, 0};
  if (a->kind != XPATH_NODES || b->kind != XPATH_NODES) return no_nodes(r);
  for (size_t i = 0; i < a->n; i++) MILL_TRY(add(r, &l, a->node[i]));
  for (size_t i = 0; i < b->n; i++) MILL_TRY(add(r, &l, b->node[i]));
  sort(&l);
  *out = (mill_xpath_value){.kind = XPATH_NODES, .node = l.at, .n = l.n};
  return MILL_OK;
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool holds(xpath_op op, double a, double b) {
  switch (op) {
  case OP_EQ: return a == b;
  case OP_NE: return a != b;
  case OP_LT: return a < b;
  case OP_LE: return a <= b;
  case OP_GT: return a > b;
  default: return a >= b;
  }
}

/* Two values of which none is a set of nodes (3.4). */
static mill_status compare_plain(xpath_run *r, xpath_op op, const mill_xpath_value *a,
                                 const mill_xpath_value *b, bool *out) {
  double x, y;
  bool equality = op == OP_EQ || op == OP_NE;
  if (equality && (a->kind == XPATH_BOOL || b->kind == XPATH_BOOL)) {
    *out = holds(op, mill_xpath_bool(a), mill_xpath_bool(b));
    return MILL_OK;
  }
  if (equality && a->kind == XPATH_TEXT && b->kind == XPATH_TEXT) {
    bool same = a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
    *out = same == (op == OP_EQ);
    return MILL_OK;
  }
  MILL_TRY(mill_xpath_number(a, r->arena, &x, r->err));
  MILL_TRY(mill_xpath_number(b, r->arena, &y, r->err));
  *out = holds(op, x, y);
  return MILL_OK;
}

/* Value i of what is compared: of a set the text of its i-th node, any other as it is. */
static mill_status nth(xpath_run *r, const mill_xpath_value *v, size_t i, mill_xpath_value *out) {
  *out = *v;
  if (v->kind != XPATH_NODES) return MILL_OK;
  *out = (mill_xpath_value){.kind = XPATH_TEXT};
  return mill_xpath_string(r, v->node[i], &out->text, &out->n);
}

/* Of sets it holds where it holds for some of their nodes; against a boolean for the set as one. */
static mill_status compare(xpath_run *r, xpath_op op, const mill_xpath_value *a,
                           const mill_xpath_value *b, bool *out) {
  bool plain = a->kind == XPATH_BOOL || b->kind == XPATH_BOOL;
  mill_xpath_value x, y;
  if (plain) {
    x = (mill_xpath_value){.kind = XPATH_BOOL, .number = mill_xpath_bool(a)};
    y = (mill_xpath_value){.kind = XPATH_BOOL, .number = mill_xpath_bool(b)};
    return compare_plain(r, op, a->kind == XPATH_NODES ? &x : a, b->kind == XPATH_NODES ? &y : b,
                         out);
  }
  size_t na = a->kind == XPATH_NODES ? a->n : 1, nb = b->kind == XPATH_NODES ? b->n : 1;
  *out = false;
  for (size_t i = 0; i < na && !*out; i++)
    for (size_t k = 0; k < nb && !*out; k++) {
      if (++r->steps % WATCH_EVERY == 0) MILL_TRY(mill_watch_check(r->err));
      MILL_TRY(nth(r, a, i, &x));
      MILL_TRY(nth(r, b, k, &y));
      MILL_TRY(compare_plain(r, op, &x, &y, out));
    }
  return MILL_OK;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static void put_bool(mill_xpath_value *out, bool v) {
  *out = (mill_xpath_value){.kind = XPATH_BOOL, .number = v};
}

static double calculate(xpath_op op, double a, double b) {
  switch (op) {
  case OP_ADD: return a + b;
  case OP_SUB: return a - b;
  case OP_MUL: return a * b;
  case OP_DIV: return a / b;
  default: return fmod(a, b);
  }
}

static mill_status logical(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                           mill_xpath_value *out) {
  MILL_TRY(mill_xpath_eval(r, x->a, at, out));
  bool first = mill_xpath_bool(out);
  if (first == (x->op == OP_AND)) {
    MILL_TRY(mill_xpath_eval(r, x->b, at, out));
    first = mill_xpath_bool(out);
  }
  put_bool(out, first);
  return MILL_OK;
}

static mill_status binary(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                          mill_xpath_value *out) {
  mill_xpath_value a, b;
  double p, q;
  bool yes = false;
  MILL_TRY(mill_xpath_eval(r, x->a, at, &a));
  MILL_TRY(mill_xpath_eval(r, x->b, at, &b));
  if (x->op == OP_UNION) return unite(r, &a, &b, out);
  if (x->op <= OP_GE) {
    MILL_TRY(compare(r, x->op, &a, &b, &yes));
    put_bool(out, yes);
    return MILL_OK;
  }
  MILL_TRY(mill_xpath_number(&a, r->arena, &p, r->err));
  MILL_TRY(mill_xpath_number(&b, r->arena, &q, r->err));
  *out = (mill_xpath_value){.kind = XPATH_NUMBER, .number = calculate(x->op, p, q)};
  return MILL_OK;
}

mill_status mill_xpath_eval(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                            mill_xpath_value *out) {
  double d;
  if (++r->steps % WATCH_EVERY == 0) MILL_TRY(mill_watch_check(r->err));
  switch (x->op) {
  case OP_OR:
  case OP_AND: return logical(r, x, at, out);
  case OP_NEGATE:
    MILL_TRY(mill_xpath_eval(r, x->a, at, out));
    MILL_TRY(mill_xpath_number(out, r->arena, &d, r->err));
    *out = (mill_xpath_value){.kind = XPATH_NUMBER, .number = -d};
    return MILL_OK;
  case OP_PATH: return path(r, x, at, out);
  case OP_CALL: return mill_xpath_call(r, x, at, out);
  case OP_NUMBER:
    *out = (mill_xpath_value){.kind = XPATH_NUMBER, .number = x->number};
    return MILL_OK;
  case OP_TEXT:
    *out = (mill_xpath_value){.kind = XPATH_TEXT, .text = x->text, .n = x->size};
    return MILL_OK;
  default: return binary(r, x, at, out);
  }
}

mill_status mill_xpath_run(const mill_xpath *x, const mill_xml *root, mill_arena *a,
                           mill_xpath_value *out, mill_error *err) {
  xpath_run r = {root, x->source, a, err, 0};
  xpath_place at = {root, 1, 1};
  return mill_xpath_eval(&r, x, &at, out);
}
