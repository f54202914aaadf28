/* GROUP BY: plain keys, ALL, ROLLUP, CUBE, GROUPING SETS, and products of them.
**
** All analytics become grouping sets: masks over the keys, in Spark's order. The same expression
** written twice is one key. */
#include "sql/parser_int.h"

#include <ctype.h>
#include <stdio.h>

enum { MAX_KEYS = 64, MAX_SETS = 65536 };

typedef struct {
  mill_list keys;                      /* expressions */
  int start[MAX_KEYS], stop[MAX_KEYS]; /* their tokens */
  bool overflow;
} key_table;

typedef struct {
  uint64_t *mask;
  int n;
} set_list;

static bool same_tokens(const mill_parser *p, int a, int b, int n) {
  for (int i = 0; i < n; i++) {
    const mill_token *x = &p->token[a + i], *y = &p->token[b + i];
    if (x->kind != y->kind || x->stop - x->start != y->stop - y->start) return false;
    bool exact = x->kind == MILL_T_STRING || x->kind == MILL_T_DOUBLE_QUOTED;
    for (int k = 0; k < x->stop - x->start; k++) {
      unsigned char c = (unsigned char)p->text[x->start + k],
                    d = (unsigned char)p->text[y->start + k];
      if (exact ? c != d : tolower(c) != tolower(d)) return false;
    }
  }
  return true;
}

static void too_many(mill_parser *p, int from) {
  mill_p_error(p, from, MILL_E_GROUPING_SIZE_LIMIT_EXCEEDED, "maxSize", "64", NULL);
}

/* The bit of the key that was read from token `start` on. */
static uint64_t key_bit(mill_parser *p, key_table *t, const mill_expr *e, int start) {
  int n = p->at - start;
  for (int i = 0; i < t->keys.n && i < MAX_KEYS; i++)
    if (t->stop[i] - t->start[i] == n && same_tokens(p, t->start[i], start, n)) return 1ull << i;
  if (t->keys.n >= MAX_KEYS) {
    t->overflow = true;
    mill_p_push(p, &t->keys, e);
    return 0;
  }
  t->start[t->keys.n] = start;
  t->stop[t->keys.n] = p->at;
  mill_p_push(p, &t->keys, e);
  return p->failed ? 0 : 1ull << (t->keys.n - 1);
}

static uint64_t read_key(mill_parser *p, key_table *t) {
  int start = p->at;
  const mill_expr *e = mill_p_expression(p);
  return p->failed ? 0 : key_bit(p, t, e, start);
}

/* (a, b), () or a: the keys of one set. */
static uint64_t read_set(mill_parser *p, key_table *t) {
  mill_mark mark = mill_p_mark(p);
  if (mill_p_accept2(p, MILL_T_LPAREN, MILL_T_RPAREN)) return 0;
  if (mill_p_accept(p, MILL_T_LPAREN)) {
    uint64_t mask = 0;
    int keys = t->keys.n;
    do mask |= read_key(p, t);
    while (mill_p_accept(p, MILL_T_COMMA));
    mill_p_expect(p, MILL_T_RPAREN);
    int next = mill_p_peek(p, 0);
    if (!p->failed && (next == MILL_T_COMMA || next == MILL_T_RPAREN)) return mask;
    if (!mill_p_back(p, mark)) return 0;
    t->keys.n = keys;
  }
  return read_key(p, t);
}

static set_list new_sets(mill_parser *p, uint64_t n, int from) {
  set_list s = {NULL, 0};
  if (n > MAX_SETS) {
    too_many(p, from);
    n = 1;
  }
  s.mask = mill_p_alloc(p, (size_t)n * sizeof *s.mask);
  s.n = s.mask ? (int)n : 0;
  return s;
}

/* () is a set of GROUPING SETS alone. */
static void refuse_empty(mill_parser *p, const char *element) {
  if (mill_p_is(p, MILL_T_LPAREN) && mill_p_peek(p, 1) == MILL_T_RPAREN)
    mill_p_error(p, p->at, MILL_E_LEGACY_0051, "element", element, NULL);
}

/* Masks of the listed sets of ROLLUP or CUBE; returns their number. */
static int read_sets(mill_parser *p, key_table *t, const char *element, uint64_t *mask) {
  int n = 0;
  do {
    refuse_empty(p, element);
    uint64_t m = read_set(p, t);
    if (n < MAX_KEYS) mask[n] = m;
    n++;
  } while (mill_p_accept(p, MILL_T_COMMA));
  if (n > MAX_KEYS) too_many(p, p->at - 1);
  return n > MAX_KEYS ? MAX_KEYS : n;
}

/* (a, b, c), (a, b), (a), () */
static set_list rollup(mill_parser *p, const uint64_t *mask, int n, int from) {
  set_list s = new_sets(p, (uint64_t)n + 1, from);
  for (int i = 0; i < s.n; i++)
    for (int k = 0; k < n - i; k++) s.mask[i] |= mask[k];
  return s;
}

/* All subsets, those with the first elements before those without. */
static set_list cube(mill_parser *p, const uint64_t *mask, int n, int from) {
  set_list s = new_sets(p, n > 16 ? UINT64_MAX : 1ull << n, from);
  for (int i = 0; i < s.n && n <= 16; i++)
    for (int k = 0; k < n; k++)
      if (!(i >> (n - 1 - k) & 1)) s.mask[i] |= mask[k];
  return s;
}

static set_list analytics(mill_parser *p, key_table *t);

static bool analytics_ahead(const mill_parser *p) {
  int next = mill_p_peek(p, 1);
  if (mill_p_is(p, MILL_K_GROUPING))
    return next == MILL_K_SETS && mill_p_peek(p, 2) == MILL_T_LPAREN;
  return (mill_p_is(p, MILL_K_ROLLUP) || mill_p_is(p, MILL_K_CUBE)) && next == MILL_T_LPAREN &&
         mill_p_peek(p, 2) != MILL_T_RPAREN; /* else a call of a function */
}

static set_list joined(mill_parser *p, set_list a, set_list b, int from) {
  set_list s = new_sets(p, (uint64_t)a.n + (uint64_t)b.n, from);
  if (s.n != a.n + b.n) return s;
  if (a.n) memcpy(s.mask, a.mask, (size_t)a.n * sizeof *a.mask);
  if (b.n) memcpy(s.mask + a.n, b.mask, (size_t)b.n * sizeof *b.mask);
  return s;
}

/* Behind GROUPING SETS. */
static set_list grouping_sets(mill_parser *p, key_table *t) {
  int from = p->at;
  set_list all = {NULL, 0};
  mill_p_expect(p, MILL_T_LPAREN);
  do {
    set_list one = {NULL, 0};
    if (analytics_ahead(p)) {
      one = analytics(p, t);
    } else {
      one = new_sets(p, 1, from);
      uint64_t m = read_set(p, t);
      if (one.n) one.mask[0] = m;
    }
    all = joined(p, all, one, from);
  } while (mill_p_accept(p, MILL_T_COMMA));
  mill_p_expect(p, MILL_T_RPAREN);
  return all;
}

static set_list analytics(mill_parser *p, key_table *t) {
  int from = p->at, kind = mill_p_peek(p, 0);
  set_list s = {NULL, 0};
  if (!mill_p_enter(p)) return s;
  p->at++;
  if (kind == MILL_K_GROUPING) {
    p->at++;
    s = grouping_sets(p, t);
  } else {
    uint64_t mask[MAX_KEYS];
    mill_p_expect(p, MILL_T_LPAREN);
    int n = read_sets(p, t, kind == MILL_K_ROLLUP ? "ROLLUP" : "CUBE", mask);
    mill_p_expect(p, MILL_T_RPAREN);
    s = kind == MILL_K_ROLLUP ? rollup(p, mask, n, from) : cube(p, mask, n, from);
  }
  mill_p_leave(p);
  return s;
}

/* Every set of a with every set of b. */
static set_list product(mill_parser *p, set_list a, set_list b, int from) {
  set_list s = new_sets(p, (uint64_t)a.n * (uint64_t)b.n, from);
  if (s.n != a.n * b.n) return s;
  for (int i = 0; i < a.n; i++)
    for (int k = 0; k < b.n; k++) s.mask[i * b.n + k] = a.mask[i] | b.mask[k];
  return s;
}

/* WITH ROLLUP, WITH CUBE, GROUPING SETS (..) behind plain keys. */
static bool old_style(mill_parser *p, key_table *t, set_list *sets, mill_grouping *kind, int from) {
  uint64_t mask[MAX_KEYS];
  int nkeys = t->keys.n < MAX_KEYS ? t->keys.n : MAX_KEYS;
  for (int i = 0; i < nkeys; i++) mask[i] = 1ull << i;
  if (mill_p_accept2(p, MILL_K_WITH, MILL_K_ROLLUP)) {
    *kind = MILL_GROUP_ROLLUP;
    *sets = rollup(p, mask, nkeys, from);
  } else if (mill_p_accept2(p, MILL_K_WITH, MILL_K_CUBE)) {
    *kind = MILL_GROUP_CUBE;
    *sets = cube(p, mask, nkeys, from);
  } else if (mill_p_accept2(p, MILL_K_GROUPING, MILL_K_SETS)) {
    *kind = MILL_GROUP_SETS;
    *sets = grouping_sets(p, t);
  } else {
    return false;
  }
  return true;
}

static bool all_keyword(mill_parser *p) {
  int next = mill_p_peek(p, 1);
  return mill_p_is(p, MILL_K_ALL) && next != MILL_T_COMMA && next != MILL_T_DOT &&
         next != MILL_T_LPAREN && mill_p_accept(p, MILL_K_ALL);
}

/* The list behind GROUP BY: its sets (none: plain keys). */
static set_list read_list(mill_parser *p, key_table *t, mill_grouping *kind, int from) {
  set_list sets = new_sets(p, 1, from);
  int clauses = 0, special = 0;
  *kind = MILL_GROUP_PLAIN;
  do {
    int word = mill_p_peek(p, 0);
    bool analytic = analytics_ahead(p);
    set_list one = analytic ? analytics(p, t) : new_sets(p, 1, from);
    if (!analytic) {
      uint64_t m = read_key(p, t);
      if (one.n) one.mask[0] = m;
    }
    clauses++;
    if (analytic && special++ == 0)
      *kind = word == MILL_K_ROLLUP ? MILL_GROUP_ROLLUP
              : word == MILL_K_CUBE ? MILL_GROUP_CUBE
                                    : MILL_GROUP_SETS;
    sets = product(p, sets, one, from);
  } while (mill_p_accept(p, MILL_T_COMMA));
  if (special && clauses > 1) *kind = MILL_GROUP_SETS;
  if (special == 0 && !old_style(p, t, &sets, kind, from)) sets.n = 0;
  if (t->overflow && *kind != MILL_GROUP_PLAIN) too_many(p, from);
  return sets;
}

mill_node *mill_p_group(mill_parser *p, mill_node *child, mill_list *select, int from) {
  key_table *t = mill_p_alloc(p, sizeof *t);
  mill_node *n = mill_p_unary_node(p, MILL_N_AGGREGATE, child, from);
  mill_p_exprs(select, &n->exprs, &n->nexprs);
  if (t == NULL) return n;
  if (all_keyword(p)) {
    n->grouping = MILL_GROUP_ALL;
    return n;
  }
  set_list sets = read_list(p, t, &n->grouping, p->at);
  mill_p_exprs(&t->keys, &n->keys, &n->nkeys);
  n->sets = sets.mask;
  n->nsets = sets.n;
  return n;
}
