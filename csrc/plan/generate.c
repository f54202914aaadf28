/* Generators: LATERAL VIEW, and explode(..) in a select list. */
#include <string.h>

#include "plan/plan_int.h"

/* The last column's `fields` behind the child's columns, with ids of their own. */
static mill_node *generate_node(mill_planner *w, const mill_node *child, const mill_expr *call,
                                bool outer, const char *alias, const char *const *names) {
  mill_node *g = mill_w_unary(w, MILL_N_GENERATE, child);
  mill_exprs l = {0}, out = {0};
  const mill_type *t = call->type;
  if (g == NULL || !mill_exprs_add(w, &l, call) || !mill_w_set_exprs(w, g, &l) ||
      !mill_exprs_copy(w, &out, child->output, child->noutput))
    return NULL;
  size_t n = strlen(call->name);
  g->outer = outer || (n > 6 && strcmp(call->name + n - 6, "_outer") == 0);
  for (uint32_t i = 0; i < t->nfields; i++) {
    mill_expr *c = mill_x_new(w, MILL_X_COLUMN, call);
    const char **parts = mill_w_alloc(w, sizeof *parts);
    if (c == NULL || parts == NULL) return NULL;
    parts[0] = alias;
    c->name = names ? names[i] : t->fields[i].name;
    c->type = t->fields[i].type;
    c->nullable = t->fields[i].nullable || g->outer;
    c->id = mill_session_next_id(w->session);
    if (alias) c->parts = parts, c->nparts = 1;
    if (!mill_exprs_add(w, &out, c)) return NULL;
  }
  g->output = out.at;
  g->noutput = out.n;
  return mill_check_attributes(w, g) ? g : NULL;
}

const mill_node *mill_generated(mill_planner *w, const mill_node *child, const mill_expr *call) {
  return call ? generate_node(w, child, call, false, NULL, NULL) : NULL;
}

static const mill_node *alias_count(mill_planner *w, const char *const *names, int got,
                                    uint32_t want, const mill_expr *at) {
  const char *list = got ? names[0] : "";
  for (int i = 1; i < got; i++) list = mill_w_printf(w, "%s,%s", list, names[i]);
  return MILL_W_FAIL_AT(w, at, MILL_E_UDTF_ALIAS_NUMBER_MISMATCH, "aliasesSize",
                        mill_error_fmt(w->err, "%u", want), "aliasesNames", list, NULL);
}

const mill_node *mill_analyse_generate(mill_planner *w, const mill_node *n,
                                       const mill_scope *outer) {
  const mill_node *child = mill_analyse(w, n->child[0], outer);
  if (child == NULL) return NULL;
  mill_scope s = mill_scope_of(child, outer);
  const mill_expr *written = n->exprs[0];
  if (written->kind == MILL_X_CALL && written->nparts < 2 &&
      !mill_function_find(written->name, strlen(written->name)) &&
      !mill_find_routine(w, written->name, written->parts, written->nparts)) {
    const char *name[] = {"default", written->name};
    return MILL_W_FAIL_AT(w, written, MILL_E_ROUTINE_NOT_FOUND, "routineName",
                          mill_w_quoted_parts(w, name, 2), NULL);
  }
  const mill_expr *call = mill_resolve(w, &s, written);
  if (call == NULL) return NULL;
  if (call->kind != MILL_X_CALL || call->fn == NULL || call->fn->kind != MILL_GENERATOR)
    return MILL_W_FAIL_AT(w, n, MILL_E_UNSUPPORTED_GENERATOR_NOT_GENERATOR, "functionName",
                          mill_w_sql(w, call), "classCanonicalName", "", NULL);
  if (n->ncolumns && n->ncolumns != (int)call->type->nfields)
    return alias_count(w, n->columns, n->ncolumns, call->type->nfields, call);
  return generate_node(w, child, call, n->outer, n->alias, n->ncolumns ? n->columns : NULL);
}

/* ---- select lists ---------------------------------------------------------------------------- */

static bool calls_generator(const mill_expr *e) {
  const mill_expr *x = e->kind == MILL_X_ALIAS ? e->args[0] : e;
  const mill_function *fn =
      x->kind == MILL_X_CALL ? mill_function_find(x->name, strlen(x->name)) : NULL;
  return fn && fn->kind == MILL_GENERATOR;
}

/* The generator that `item` calls over *child, if its arguments are known yet; false: failed, or not yet. */
static bool generate_item(mill_planner *w, const mill_scope *s, const mill_expr *item,
                          const mill_node **child, mill_exprs *made) {
  bool named = item->kind == MILL_X_ALIAS;
  const mill_expr *call = mill_resolve(w, s, named ? item->args[0] : item);
  if (call == NULL) return false;
  int width = (int)call->type->nfields;
  if (named && item->nparts != width) {
    (void)alias_count(w, item->parts, item->nparts, call->type->nfields, item);
    return false;
  }
  const mill_node *g = mill_expose_all(w, *child, call);
  g = g ? generate_node(w, g, call, false, NULL, named ? item->parts : NULL) : NULL;
  if (g == NULL) return false;
  *child = g;
  return mill_exprs_copy(w, made, g->output + g->noutput - width, width);
}

bool mill_generate_items(mill_planner *w, mill_scope *s, const mill_expr *const *list, int n,
                         const mill_node **child, mill_exprs *out) {
  mill_exprs *made = mill_w_alloc(w, ((size_t)n + 1) * sizeof *made);
  if (made == NULL) return false;
  for (bool more = true, last = false; more;) {
    more = false;
    for (int i = 0; i < n; i++) {
      if (!calls_generator(list[i]) || made[i].n) continue;
      if (generate_item(w, s, list[i], child, &made[i])) {
        if (!mill_exprs_copy(w, &s->made, made[i].at, made[i].n)) return false;
        if (list[i]->kind == MILL_X_ALIAS && list[i]->nparts == 1 &&
            !mill_exprs_add(w, &s->named, made[i].at[0]))
          return false;
        more = true, last = false;
        continue;
      }
      if (last || w->status == MILL_E_OUT_OF_MEMORY) return false;
      mill_error_clear(w->err); /* perhaps it waits for one that stands behind it */
      w->status = MILL_OK;
    }
    bool open = false;
    for (int i = 0; i < n; i++) open |= calls_generator(list[i]) && made[i].n == 0;
    if (!more && open && !last) more = last = true;
  }
  for (int i = 0; i < n; i++)
    if (made[i].n ? !mill_exprs_copy(w, out, made[i].at, made[i].n)
                  : !mill_exprs_add(w, out, list[i]))
      return false;
  return true;
}

static bool is_generator(const mill_expr *e) {
  const mill_expr *x = e->kind == MILL_X_ALIAS ? e->args[0] : e;
  return x->kind == MILL_X_CALL && x->fn && x->fn->kind == MILL_GENERATOR;
}

bool mill_extract_generator(mill_planner *w, const mill_node **child, mill_exprs *items) {
  int at = -1;
  for (int i = 0; i < items->n; i++) {
    const mill_expr *e = items->at[i];
    if (!mill_x_has_generator(e)) continue;
    if (!is_generator(e)) {
      (void)MILL_W_FAIL_AT(w, e, MILL_E_UNSUPPORTED_GENERATOR_NESTED_IN_EXPRESSIONS, "expression",
                           mill_w_quoted_sql(w, e), NULL);
      return false;
    }
    if (at < 0) at = i;
  }
  if (at < 0) return true;
  const mill_expr *item = items->at[at];
  const mill_expr *call = item->kind == MILL_X_ALIAS ? item->args[0] : item;
  uint32_t width = call->type->nfields;
  /* an alias made of the call's own text is no name that the user gave */
  bool named = item->kind == MILL_X_ALIAS && strcmp(item->parts[0], mill_w_sql(w, call)) != 0;
  if (named && item->nparts != (int)width) {
    (void)alias_count(w, item->parts, item->nparts, width, item);
    return false;
  }
  mill_node *g = generate_node(w, *child, call, false, NULL, named ? item->parts : NULL);
  if (g == NULL) return false;
  mill_exprs l = {0};
  if (!mill_exprs_copy(w, &l, items->at, at) ||
      !mill_exprs_copy(w, &l, g->output + (*child)->noutput, (int)width) ||
      !mill_exprs_copy(w, &l, items->at + at + 1, items->n - at - 1))
    return false;
  *items = l;
  *child = g;
  for (int i = 0; i < l.n && *child; i++) *child = mill_expose_all(w, *child, l.at[i]);
  if (*child == NULL) return false;
  return mill_extract_generator(w, child, items); /* each further one for every row so far */
}
