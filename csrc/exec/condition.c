/* The conditions of filters; see condition.h. */
#include "exec/condition.h"

#include <string.h>

static int take(const mill_bound *b, const mill_bound **out, int n) {
  if (b->kind != MILL_B_AND) {
    if (out) out[n] = b;
    return n + 1;
  }
  for (int i = 0; i < b->nargs; i++) n = take(b->args[i], out, n);
  return n;
}

int mill_conditions(const mill_bound *b, const mill_bound **out) { return take(b, out, 0); }

/* ---- tests ------------------------------------------------------------------------------------- */

typedef struct comparison {
  const char *name;
  mill_test_kind kind, turned;
} comparison;

static const comparison comparisons[] = {
    {"=", MILL_TEST_EQUAL, MILL_TEST_EQUAL},  {"!=", MILL_TEST_NOT_EQUAL, MILL_TEST_NOT_EQUAL},
    {"<", MILL_TEST_LESS, MILL_TEST_GREATER}, {"<=", MILL_TEST_LESS_EQUAL, MILL_TEST_GREATER_EQUAL},
    {">", MILL_TEST_GREATER, MILL_TEST_LESS}, {">=", MILL_TEST_GREATER_EQUAL, MILL_TEST_LESS_EQUAL},
};

static bool is(const mill_bound *b, const char *name) {
  return b->kind == MILL_B_CALL && b->fn && strcmp(b->fn->name, name) == 0;
}

static bool is_constant(const mill_bound *b) {
  return b->kind == MILL_B_LITERAL && b->value && mill_vector_valid(b->value, 0);
}

static bool list_test(const mill_bound *b, mill_test *out) {
  const mill_vector *items = mill_bound_in_items(b);
  const mill_bound *x = b->args[0];
  if (!items || items->size == 0 || items->size > MILL_TEST_FEW || x->kind != MILL_B_COLUMN ||
      x->type != items->type)
    return false;
  *out = (mill_test){
      .kind = MILL_TEST_IN, .column = x->index, .n = (uint32_t)items->size, .value = items};
  return true;
}

bool mill_condition_test(const mill_bound *b, mill_test *out) {
  if (is(b, "not")) {
    if (!is(b->args[0], "=") || !mill_condition_test(b->args[0], out)) return false;
    out->kind = MILL_TEST_NOT_EQUAL;
    return true;
  }
  if (is(b, "in")) return list_test(b, out);
  if (b->nargs != 2) return false;
  const mill_bound *x = b->args[0], *y = b->args[1];
  for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
    const comparison *c = &comparisons[i];
    if (!is(b, c->name)) continue;
    const bool plain = x->kind == MILL_B_COLUMN;
    if (!plain) {
      const mill_bound *t = x;
      x = y, y = t;
    }
    if (x->kind != MILL_B_COLUMN || !is_constant(y) || x->type != y->type) return false;
    *out = (mill_test){
        .kind = plain ? c->kind : c->turned, .column = x->index, .n = 1, .value = y->value};
    return true;
  }
  return false;
}

/* ---- order ------------------------------------------------------------------------------------- */

static int cost(const mill_bound *b) {
  mill_test t;
  if (!mill_condition_test(b, &t)) return 3;
  if (!mill_phys_is_word(t.value->type->phys)) return 2;
  return t.kind == MILL_TEST_IN ? 1 : 0;
}

static bool is_harmless(const mill_bound *b) { return !b->can_raise && b->deterministic; }

void mill_conditions_arrange(const mill_bound **list, int n) {
  for (int i = 1; i < n; i++) {
    const mill_bound *b = list[i];
    int k = i;
    while (k > 0 && is_harmless(b) && is_harmless(list[k - 1]) && cost(list[k - 1]) > cost(b)) {
      list[k] = list[k - 1];
      k--;
    }
    list[k] = b;
  }
}
