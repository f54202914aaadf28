/* Arguments by name: mask('AbC', lowerChar => 'l'). Spark: NamedParametersSupport.
**
** Functions that take them are marked MILL_FN_NAMED; their parameters' names are read off `usage`, what stands for
** those left out off `fill`. Positional arguments come first. All others refuse names. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/plan_int.h"

enum { MANY = 16 }; /* parameters of one function */

typedef struct parameters {
  const char *const *name;
  int n;
  const char *routine; /* its quoted name */
} parameters;

/* The names in "mask(str[, upperChar[, lowerChar]])". */
static int names_of(mill_planner *w, const char *usage, const char **name) {
  const char *at = strchr(usage, '(');
  int n = 0;
  while (at && *at && n < MANY) {
    while (*at && !isalpha((unsigned char)*at)) at++;
    const char *start = at;
    while (isalnum((unsigned char)*at) || *at == '_') at++;
    if (at > start) name[n++] = mill_w_copy(w, start, (size_t)(at - start));
  }
  return n;
}

static int place_of(const parameters *p, const char *name) {
  for (int i = 0; i < p->n; i++)
    if (p->name[i] && strcasecmp(p->name[i], name) == 0) return i;
  return -1;
}

static const char *quoted(mill_planner *w, const char *name) {
  return mill_w_quoted_parts(w, &name, 1);
}

static bool unknown(mill_planner *w, const mill_expr *e, const parameters *p, const char *name) {
  const char *proposal = "";
  for (int i = 0; i < p->n; i++)
    proposal = mill_w_printf(w, "%s%s%s", proposal, i ? " " : "", quoted(w, p->name[i]));
  (void)MILL_W_FAIL_AT(w, e, MILL_E_UNRECOGNIZED_PARAMETER_NAME, "routineName", p->routine,
                       "argumentName", quoted(w, name), "proposal", proposal, NULL);
  return false;
}

static bool twice(mill_planner *w, const mill_expr *e, const parameters *p, const char *name,
                  bool by_place) {
  (void)MILL_W_FAIL_AT(w, e,
                       by_place ? MILL_E_DUPLICATE_ROUTINE_PARAMETER_BOTH
                                : MILL_E_DUPLICATE_ROUTINE_PARAMETER_NAMED,
                       "routineName", p->routine, "parameterName", quoted(w, name), NULL);
  return false;
}

/* Put each argument of e into the place of its parameter. */
static bool place(mill_planner *w, const mill_expr *e, const parameters *p, const mill_expr **out,
                  int *n) {
  const char *named = NULL;
  int positional = 0;
  for (int i = 0; i < e->nargs; i++) {
    const mill_expr *a = e->args[i];
    if (a->kind != MILL_X_NAMED) {
      if (named) {
        (void)MILL_W_FAIL_AT(w, e, MILL_E_UNEXPECTED_POSITIONAL_ARGUMENT, "routineName", p->routine,
                             "parameterName", quoted(w, named), NULL);
        return false;
      }
      if (positional == p->n) return true; /* too many: the definition says so */
      out[positional++] = a;
      continue;
    }
    named = a->name;
    int at = place_of(p, a->name);
    if (at < 0) return unknown(w, e, p, a->name);
    if (out[at]) return twice(w, e, p, p->name[at], at < positional);
    out[at] = a->args[0];
  }
  for (*n = p->n; *n > 0 && out[*n - 1] == NULL;) --*n;
  return true;
}

bool mill_has_named_arguments(const mill_expr *e) {
  for (int i = 0; i < e->nargs; i++)
    if (e->args[i]->kind == MILL_X_NAMED) return true;
  return false;
}

bool mill_place_by_name(mill_planner *w, const mill_expr *e, const char *routine,
                        const char *const *names, int n, const mill_expr **out, int *nargs) {
  parameters p = {names, n, routine};
  return place(w, e, &p, out, nargs);
}

const mill_expr *mill_place_arguments(mill_planner *w, const mill_expr *e) {
  bool any = mill_has_named_arguments(e);
  const mill_function *fn = any ? mill_function_find(e->name, strlen(e->name)) : NULL;
  if (fn == NULL) return e;
  if (!(fn->flags & MILL_FN_NAMED))
    return MILL_W_FAIL_AT(w, e, MILL_E_NAMED_PARAMETERS_NOT_SUPPORTED, "functionName",
                          quoted(w, e->name), NULL);
  const char *name[MANY];
  parameters p = {name, 0, quoted(w, e->name)};
  mill_expr *c = mill_x_copy(w, e);
  const mill_expr **args = mill_w_alloc(w, MANY * sizeof *args);
  if (c == NULL || args == NULL) return NULL;
  p.n = names_of(w, fn->usage, name);
  c->args = args;
  if (!place(w, e, &p, args, &c->nargs)) return NULL;
  const char *fill = fn->fill ? fn->fill : "";
  for (int i = 0; i < c->nargs; i++) {
    size_t n;
    const char *entry = mill_next_fill(&fill, &n);
    if (args[i]) continue;
    if (n == 0)
      return MILL_W_FAIL_AT(w, e, MILL_E_REQUIRED_PARAMETER_NOT_FOUND, "routineName",
                            quoted(w, e->name), "parameterName", quoted(w, p.name[i]), "index",
                            mill_error_fmt(w->err, "%d", i), NULL);
    args[i] = mill_w_parse(w, mill_w_copy(w, entry, n), n);
    if (args[i] == NULL) return NULL;
  }
  return c;
}
