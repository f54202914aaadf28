/* Expressions that say the same in another order: 1 + a and a + 1, a > b and b < a, NOT a > b and a <= b.
** A select list may write the keys of its GROUP BY so.
**
** Chains of one operation are seen as the list of their operands (not of decimals, whose types tell the
** order). A hash that does not depend on the order is compared first, so that only what very likely is
** alike is looked at operand by operand. */
#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "plan/plan_int.h"

enum { MAX_OPERANDS = 64 };

/* An expression as it is compared. */
typedef struct form {
  const char *name; /* of a call; NULL: the expression itself */
  const mill_expr *of;
  const mill_expr *arg[MAX_OPERANDS];
  int n;
  bool any_order;
} form;

static const mill_expr *bare(const mill_expr *e) {
  while (e->kind == MILL_X_ALIAS) e = e->args[0];
  return e;
}

static bool one_of(const mill_expr *e, const char *const *names) {
  for (int i = 0; names[i]; i++)
    if (mill_x_is_call(e, names[i])) return true;
  return false;
}

static bool is_chain(const mill_expr *e) {
  static const char *const names[] = {"+",   "*",  "&",        "|",     "^",
                                      "and", "or", "greatest", "least", NULL};
  return e->nargs > 1 && (e->type == NULL || e->type->id != MILL_DECIMAL) && one_of(e, names);
}

static bool is_pair(const mill_expr *e) {
  static const char *const names[] = {"=", "==", "<=>", "+", "*", NULL};
  return e->nargs == 2 && one_of(e, names);
}

static bool collect(const mill_expr *e, const char *name, const mill_type *t, form *f) {
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *a = bare(e->args[i]);
    bool same = a->type == t && is_chain(a) && strcasecmp(a->name, name) == 0;
    if (same && !collect(a, name, t, f)) return false;
    if (!same && f->n == MAX_OPERANDS) return false;
    if (!same) f->arg[f->n++] = a;
  }
  return true;
}

/* A comparison as < or <=, NOT one of them as the other. */
static bool as_comparison(const mill_expr *e, bool negated, form *f) {
  static const char *const name[] = {"<", "<=", ">", ">="};
  static const char *const not [] = {">=", ">", "<=", "<"};
  for (int i = 0; e->nargs == 2 && i < 4; i++) {
    if (!mill_x_is_call(e, name[i])) continue;
    const char *is = negated ? not [i] : name[i];
    bool swap = *is == '>';
    f->name = strlen(is) == 2 ? "<=" : "<";
    f->arg[0] = bare(e->args[swap]);
    f->arg[1] = bare(e->args[!swap]);
    f->n = 2;
    return true;
  }
  return false;
}

static void form_of(const mill_expr *e, form *f) {
  e = bare(e);
  f->name = NULL, f->of = e, f->n = 0, f->any_order = false;
  if (e->kind != MILL_X_CALL || e->filter || e->norder || !mill_x_deterministic(e)) return;
  if (is_chain(e)) {
    f->any_order = collect(e, e->name, e->type, f);
    if (f->any_order) f->name = e->name;
    if (!f->any_order) f->n = 0;
    return;
  }
  if (mill_x_is_call(e, "not") && as_comparison(bare(e->args[0]), true, f)) return;
  if (as_comparison(e, false, f)) return;
  if (e->nargs > MAX_OPERANDS || e->nargs == 0) return;
  f->name = e->name;
  f->any_order = is_pair(e);
  for (; f->n < e->nargs; f->n++) f->arg[f->n] = bare(e->args[f->n]);
}

static uint64_t mixed(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15ull;
  return h ^ (h >> 29);
}

static uint64_t text_hash(uint64_t h, const char *s) {
  for (; *s; s++) h = mixed(h, (uint64_t)(*s | 32));
  return h;
}

static uint64_t hash(const mill_expr *e) {
  form f;
  form_of(e, &f);
  uint64_t h = mixed((uint64_t)f.of->kind, (uint64_t)(uintptr_t)f.of->type), sum = 0;
  if (f.name == NULL) {
    uint64_t value = 0;
    uint32_t row = 0;
    if (f.of->kind == MILL_X_COLUMN || f.of->kind == MILL_X_OUTER) h = mixed(h, f.of->id);
    if (f.of->kind == MILL_X_LITERAL) mill_vector_hash(f.of->value, &row, 1, true, &value);
    h = mixed(h, value);
    for (int i = 0; i < f.of->nargs; i++) h = mixed(h, hash(f.of->args[i]));
    return h;
  }
  h = text_hash((uint64_t)(uintptr_t)f.of->type, f.name);
  for (int i = 0; i < f.n; i++) {
    uint64_t x = hash(f.arg[i]);
    if (f.any_order)
      sum += x;
    else
      h = mixed(h, x);
  }
  return mixed(h, sum);
}

uint32_t mill_x_alike_trace(const mill_expr *e) { return (uint32_t)hash(e); }

static bool match(const form *a, const form *b) {
  bool taken[MAX_OPERANDS] = {false};
  for (int i = 0; i < a->n; i++) {
    int k = a->any_order ? 0 : i, end = a->any_order ? b->n : i + 1;
    while (k < end && (taken[k] || !mill_x_alike(a->arg[i], b->arg[k]))) k++;
    if (k == end) return false;
    taken[k] = true;
  }
  return true;
}

static bool same_parts(const mill_expr *a, const mill_expr *b) {
  if (a->kind != MILL_X_CAST || b->kind != MILL_X_CAST || a->target != b->target ||
      a->mode != b->mode)
    return false;
  return mill_x_alike(a->args[0], b->args[0]);
}

bool mill_x_alike(const mill_expr *a, const mill_expr *b) {
  form x, y;
  if (mill_x_same(a, b)) return true;
  mill_expr_kind kind = bare(a)->kind;
  if (kind != bare(b)->kind || (kind != MILL_X_CALL && kind != MILL_X_CAST)) return false;
  if (a->type != b->type || hash(a) != hash(b)) return false;
  form_of(a, &x);
  form_of(b, &y);
  if (x.name == NULL || y.name == NULL) return same_parts(x.of, y.of);
  return strcasecmp(x.name, y.name) == 0 && x.n == y.n && x.any_order == y.any_order &&
         x.of->distinct == y.of->distinct && x.of->ignore_nulls == y.of->ignore_nulls &&
         match(&x, &y);
}
