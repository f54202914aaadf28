/* df.zip(other): the columns of two frames that are select lists over the same rows, side by side. Spark: Zip,
** ResolveZip.
**
** Below their chains of PROJECT both plans must be alike, node by node: the same frame, or two that say the same
** and have ids of their own, which are then replaced. Both chains are laid over the rows of the left one, one above the
** other, and each list carries the columns it finds below along; the last one picks what was asked for. */
#include <string.h>

#include "column/type.h"
#include "plan/plan_int.h"

typedef struct zip {
  mill_planner *w;
  mill_exprs own; /* ALIAS each: a column of the right plan's id as the left plan's column */
} zip;

static const mill_expr *as_left(zip *z, const mill_expr *e) {
  return z->own.n ? mill_x_substitute(z->w, e, z->own.at, z->own.n) : e;
}

/* ---- are two plans alike? --------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_texts(const char *const *a, int na, const char *const *b, int nb) {
  if (na != nb) return false;
  for (int i = 0; i < na; i++)
    if (!same_text(a[i], b[i])) return false;
  return true;
}

static bool same_options(const mill_option *a, int na, const mill_option *b, int nb) {
  if (na != nb) return false;
  for (int i = 0; i < na; i++)
    if (!same_text(a[i].key, b[i].key) || !same_text(a[i].value, b[i].value)) return false;
  return true;
}

static bool same_source(const mill_source *a, const mill_source *b) {
  if (a == b) return true;
  return a && b && a->stream == NULL && b->stream == NULL && a->schema == b->schema &&
         same_text(a->format, b->format) && same_texts(a->paths, a->npaths, b->paths, b->npaths) &&
         same_options(a->options, a->noptions, b->options, b->noptions);
}

static bool same_flags(const mill_node *a, const mill_node *b) {
  return a->global == b->global && a->having == b->having && a->outer == b->outer &&
         a->natural == b->natural && a->lateral == b->lateral && a->by_name == b->by_name &&
         a->allow_missing == b->allow_missing && a->intersect == b->intersect && a->all == b->all &&
         a->replacement == b->replacement && a->within_watermark == b->within_watermark &&
         a->ordinality == b->ordinality;
}

static bool same_numbers(const mill_node *a, const mill_node *b) {
  bool sets = a->nsets == b->nsets;
  for (int i = 0; sets && i < a->nsets; i++) sets = a->sets[i] == b->sets[i];
  return sets && a->from == b->from && a->to == b->to && a->step == b->step &&
         a->lower == b->lower && a->upper == b->upper && a->seed == b->seed &&
         a->nrows == b->nrows && a->join == b->join && a->grouping == b->grouping;
}

static bool same_list(zip *z, const mill_expr *const *a, int na, const mill_expr *const *b,
                      int nb) {
  if (na != nb) return false;
  for (int i = 0; i < na; i++) {
    if (a[i] == NULL || b[i] == NULL) {
      if (a[i] != b[i]) return false;
      continue;
    }
    const mill_expr *e = as_left(z, b[i]);
    if (e == NULL || !mill_x_same(a[i], e)) return false;
  }
  return true;
}

/* The columns of b are those of a from here on. */
static bool pair(zip *z, const mill_node *a, const mill_node *b) {
  if (a->noutput != b->noutput) return false;
  for (int i = 0; i < a->noutput; i++) {
    const mill_expr *x = a->output[i], *y = b->output[i];
    if (x->type != y->type) return false;
    if (x->id == y->id || mill_x_find_id(z->own.at, z->own.n, y->id)) continue;
    mill_expr *as = mill_x_alias(z->w, x, y->name);
    if (as) as->id = y->id;
    if (!mill_exprs_add(z->w, &z->own, as)) return false;
  }
  return true;
}

static bool alike(zip *z, const mill_node *a, const mill_node *b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->nchildren != b->nchildren || a->table != b->table ||
      a->stage != b->stage || a->cache != b->cache || !same_text(a->name, b->name) ||
      !same_flags(a, b) || !same_numbers(a, b) || !same_source(a->source, b->source))
    return false;
  for (int i = 0; i < a->nchildren; i++)
    if (!alike(z, a->child[i], b->child[i])) return false;
  return same_list(z, a->exprs, a->nexprs, b->exprs, b->nexprs) &&
         same_list(z, a->keys, a->nkeys, b->keys, b->nkeys) &&
         same_list(z, a->values, a->nvalues, b->values, b->nvalues) &&
         same_list(z, a->aggs, a->naggs, b->aggs, b->naggs) && pair(z, a, b);
}

/* ---- one plan of both ------------------------------------------------------------------------------- */

static const mill_node *below(const mill_node *n) {
  while (n->kind == MILL_N_PROJECT) n = n->child[0];
  return n;
}

/* The lists of a chain over `under`, which they carry along. A list that stands in both chains is there already. */
static const mill_node *lay(zip *z, const mill_node *chain, const mill_node *under) {
  if (chain->kind != MILL_N_PROJECT) return under;
  under = lay(z, chain->child[0], under);
  mill_exprs l = {0};
  if (under == NULL || !mill_exprs_copy(z->w, &l, under->output, under->noutput)) return NULL;
  for (int i = 0; i < chain->nexprs; i++) {
    const mill_expr *e = as_left(z, chain->exprs[i]);
    if (e == NULL) return NULL;
    if (!mill_x_find_id(l.at, l.n, e->id) && !mill_exprs_add(z->w, &l, e)) return NULL;
  }
  return mill_w_project(z->w, under, &l);
}

static bool pick(zip *z, const mill_node *n, mill_exprs *l) {
  for (int i = 0; i < n->noutput; i++) {
    const mill_expr *of = as_left(z, n->output[i]);
    mill_expr *c = of ? mill_x_copy(z->w, n->output[i]) : NULL;
    if (c == NULL) return false;
    c->id = of->id;
    if (!mill_exprs_add(z->w, l, c)) return false;
  }
  return true;
}

const mill_node *mill_analyse_zip(mill_planner *w, const mill_node *n, const mill_scope *outer) {
  const mill_node *a = mill_analyse(w, n->child[0], outer);
  const mill_node *b = mill_analyse(w, n->child[1], outer);
  if (a == NULL || b == NULL) return NULL;
  zip z = {.w = w};
  if (!alike(&z, below(a), below(b)))
    return MILL_W_FAIL_AT(w, n, MILL_E_ZIP_PLANS_NOT_MERGEABLE, NULL);
  const mill_node *both = lay(&z, a, below(a));
  both = both ? lay(&z, b, both) : NULL;
  mill_exprs l = {0};
  zip none = {.w = w};
  if (both == NULL || !pick(&none, a, &l) || !pick(&z, b, &l)) return NULL;
  return mill_w_project(w, both, &l);
}
