/* Sort items, OVER (..) and the WINDOW clause.
**
** A window that is used by name before its WINDOW clause is read waits in p->windows; the clause
** fills in those of its query and of the queries inside. */
#include "base/hash.h"
#include "sql/parser_int.h"

mill_expr *mill_p_sort_item(mill_parser *p) {
  int from = p->at;
  mill_expr *e = mill_p_call(p, from, NULL, 1, mill_p_expression(p));
  e->kind = MILL_X_SORT;
  if (!mill_p_accept(p, MILL_K_ASC)) e->descending = mill_p_accept(p, MILL_K_DESC);
  e->nulls_first = !e->descending;
  if (mill_p_accept2(p, MILL_K_NULLS, MILL_K_FIRST)) e->nulls_first = true;
  if (mill_p_accept2(p, MILL_K_NULLS, MILL_K_LAST)) e->nulls_first = false;
  if (p->at > from && !p->failed) e->stop = p->token[p->at - 1].stop;
  return e;
}

/* May a frame be bounded by it: a value made of literals. */
static bool constant(const mill_expr *e, int depth) {
  if (depth > MILL_PARSE_DEPTH) return false;
  if (e->kind == MILL_X_LITERAL || e->kind == MILL_X_PARAMETER) return true;
  bool symbol = e->kind == MILL_X_CALL && strchr("+-*/%", e->name[0]) != NULL;
  if (!symbol && e->kind != MILL_X_CAST) return false;
  for (int i = 0; i < e->nargs; i++)
    if (!constant(e->args[i], depth + 1)) return false;
  return true;
}

static mill_frame_bound bound(mill_parser *p, const mill_expr **offset) {
  if (mill_p_accept2(p, MILL_K_UNBOUNDED, MILL_K_PRECEDING)) return MILL_UNBOUNDED_PRECEDING;
  if (mill_p_accept2(p, MILL_K_UNBOUNDED, MILL_K_FOLLOWING)) return MILL_UNBOUNDED_FOLLOWING;
  if (mill_p_accept2(p, MILL_K_CURRENT, MILL_K_ROW)) return MILL_CURRENT_ROW;
  int from = p->at;
  const mill_expr *e = mill_p_expression(p);
  *offset = e;
  bool preceding = mill_p_accept(p, MILL_K_PRECEDING);
  if (!preceding) mill_p_expect(p, MILL_K_FOLLOWING);
  if (!p->failed && !constant(e, 0))
    mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_INVALID_WINDOW_FRAME_BOUND, NULL);
  return preceding ? MILL_PRECEDING : MILL_FOLLOWING;
}

static void frame(mill_parser *p, mill_window *w) {
  if (!mill_p_is(p, MILL_K_ROWS) && !mill_p_is(p, MILL_K_RANGE)) return;
  w->framed = true;
  w->unit = mill_p_is(p, MILL_K_ROWS) ? MILL_FRAME_ROWS : MILL_FRAME_RANGE;
  p->at++;
  bool between = mill_p_accept(p, MILL_K_BETWEEN);
  w->from = bound(p, &w->from_offset);
  w->to = MILL_CURRENT_ROW;
  if (between) {
    mill_p_expect(p, MILL_K_AND);
    w->to = bound(p, &w->to_offset);
  }
}

static void partition_and_order(mill_parser *p, mill_window *w) {
  mill_list partition = {0}, order = {0};
  if (mill_p_accept2(p, MILL_K_CLUSTER, MILL_K_BY)) {
    mill_p_expr_list(p, &partition, mill_p_expression);
  } else {
    if (mill_p_accept2(p, MILL_K_PARTITION, MILL_K_BY) ||
        mill_p_accept2(p, MILL_K_DISTRIBUTE, MILL_K_BY))
      mill_p_expr_list(p, &partition, mill_p_expression);
    if (mill_p_accept2(p, MILL_K_ORDER, MILL_K_BY) || mill_p_accept2(p, MILL_K_SORT, MILL_K_BY))
      mill_p_expr_list(p, &order, mill_p_sort_item);
  }
  mill_p_exprs(&partition, &w->partition, &w->npartition);
  mill_p_exprs(&order, &w->order, &w->norder);
}

/* w, (w) or (PARTITION BY .. ORDER BY .. frame). NULL only without memory. */
static mill_window *spec(mill_parser *p) {
  mill_window *w = mill_p_alloc(p, sizeof *w);
  if (w == NULL) return NULL;
  if (!mill_p_accept(p, MILL_T_LPAREN)) {
    w->name = mill_p_checked_name(p);
    return w;
  }
  if (mill_p_is_name(p, 0) && mill_p_peek(p, 1) == MILL_T_RPAREN) {
    w->name = mill_p_name(p);
  } else {
    partition_and_order(p, w);
    frame(p, w);
  }
  mill_p_expect(p, MILL_T_RPAREN);
  return w;
}

mill_expr *mill_p_over(mill_parser *p, int from, mill_expr *call) {
  if (!mill_p_is(p, MILL_K_OVER)) return call;
  if (mill_p_peek(p, 1) != MILL_T_LPAREN && (!mill_p_is_name(p, 1) || mill_p_clause(p, 1)))
    return call;
  p->at++;
  mill_window *w = spec(p);
  mill_expr *e = mill_p_call(p, from, NULL, 1, call);
  e->kind = MILL_X_WINDOW;
  e->window = w;
  if (w && w->name && !p->failed) mill_p_push(p, &p->windows, e);
  return e;
}

typedef struct {
  mill_list names, specs;
  int32_t *slot; /* by hash of the name: number + 1 in the lists; 0: free */
  uint32_t nslots;
} definitions;

/* The slot of the name, or the free one where it would be. */
static int32_t *slot_of(const definitions *d, const char *name) {
  uint32_t i = (uint32_t)mill_hash_bytes(name, strlen(name));
  while (d->slot[i & (d->nslots - 1)] &&
         strcmp(d->names.item[d->slot[i & (d->nslots - 1)] - 1], name) != 0)
    i++;
  return &d->slot[i & (d->nslots - 1)];
}

static const mill_window *find(const definitions *d, const char *name) {
  int32_t k = d->nslots ? *slot_of(d, name) : 0;
  return k ? d->specs.item[k - 1] : NULL;
}

static void define(mill_parser *p, definitions *d, const char *name, const mill_window *w) {
  mill_p_push(p, &d->names, name);
  mill_p_push(p, &d->specs, w);
  if (p->failed) return;
  bool room = 2 * (uint32_t)d->names.n <= d->nslots;
  uint32_t n = room ? d->nslots : d->nslots ? 2 * d->nslots : 16;
  int32_t *slot = room ? d->slot : mill_p_alloc(p, n * sizeof *slot);
  if (slot == NULL) return;
  d->slot = slot, d->nslots = n;
  for (int i = room ? d->names.n - 1 : 0; i < d->names.n; i++)
    *slot_of(d, d->names.item[i]) = i + 1;
}

/* A window defined by the name of another takes that one's definition. */
static void follow(mill_parser *p, definitions *d, int from) {
  for (int i = 0; i < d->specs.n; i++) {
    const mill_window *w = d->specs.item[i];
    if (w->name == NULL) continue;
    const mill_window *base = find(d, w->name);
    mill_status s = base ? MILL_E_INVALID_SQL_SYNTAX_INVALID_WINDOW_REFERENCE
                         : MILL_E_INVALID_SQL_SYNTAX_UNRESOLVED_WINDOW_REFERENCE;
    if (base == NULL || base->name) {
      mill_p_error(p, from, s, "windowName", mill_p_quoted(p, w->name, '`'), NULL);
      return;
    }
    *(mill_window *)d->specs.item[i] = *base;
  }
}

void mill_p_window_clause(mill_parser *p, int mark) {
  int from = p->at;
  definitions d = {0};
  mill_p_expect(p, MILL_K_WINDOW);
  do {
    const char *name = mill_p_checked_name(p);
    mill_p_expect(p, MILL_K_AS);
    mill_window *w = spec(p);
    if (w == NULL) return;
    if (find(&d, name))
      mill_p_error(p, from, MILL_E_INVALID_SQL_SYNTAX_REPETITIVE_WINDOW_DEFINITION, "windowName",
                   mill_p_quoted(p, name, '`'), NULL);
    define(p, &d, name, w);
  } while (mill_p_accept(p, MILL_T_COMMA));
  if (p->failed) return;
  follow(p, &d, from);
  int kept = mark;
  for (int i = mark; i < p->windows.n; i++) {
    mill_expr *use = p->windows.item[i];
    const mill_window *w = find(&d, use->window->name);
    if (w) {
      use->window = w;
    } else {
      p->windows.item[kept++] = use;
    }
  }
  p->windows.n = kept;
}
