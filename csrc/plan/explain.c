/* EXPLAIN of logical trees: a node a line, parents first; the optimised tree with Statistics: the bytes
** and rows expected. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/explain_int.h"

static const char *const node_names[] = {"UnresolvedRelation",
                                         "UnresolvedTableValuedFunction",
                                         "LocalRelation",
                                         "Relation",
                                         "LocalRelation",
                                         "OneRowRelation",
                                         "Range",
                                         "UnionLoop",
                                         "Project",
                                         "Filter",
                                         "Aggregate",
                                         "Sort",
                                         "GlobalLimit",
                                         "Tail",
                                         "Distinct",
                                         "Deduplicate",
                                         "Window",
                                         "WindowGroupLimit",
                                         "Generate",
                                         "Sample",
                                         "SubqueryAlias",
                                         "WithColumns",
                                         "DataFrameDropColumns",
                                         "WithColumnsRenamed",
                                         "EventTimeWatermark",
                                         "Transform",
                                         "Pivot",
                                         "Unpivot",
                                         "Repartition",
                                         "InMemoryRelation",
                                         "Zip",
                                         "Join",
                                         "Union",
                                         "Intersect",
                                         "CTE"};

typedef struct printer {
  mill_planner *w;
  mill_text *out;
  bool statistics;
} printer;

/* ---- the lines that join a tree ----------------------------------------------------------------- */

static mill_status trunk(const mill_branch *b, mill_text *out, mill_error *err) {
  if (b->above == NULL) return MILL_OK;
  MILL_TRY(trunk(b->above, out, err));
  return mill_text_adds(out, b->more ? ":  " : "   ", err);
}

mill_status mill_explain_branch(const mill_branch *b, mill_text *out, mill_error *err) {
  if (b->above == NULL) return MILL_OK;
  MILL_TRY(trunk(b->above, out, err));
  return mill_text_adds(out, b->more ? ":- " : "+- ", err);
}

/* ---- what a node is given ------------------------------------------------------------------------ */

static mill_status puts_to(printer *p, const char *s) {
  return mill_text_adds(p->out, s, p->w->err);
}

static mill_status one(printer *p, const mill_expr *e) {
  return mill_expr_sql(e, &p->w->set, p->out, p->w->err);
}

static mill_status exprs(printer *p, const mill_expr *const *e, int n) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(puts_to(p, ", "));
    MILL_TRY(one(p, e[i]));
  }
  return MILL_OK;
}

static mill_status list(printer *p, const char *before, const mill_expr *const *e, int n) {
  MILL_TRY(puts_to(p, before));
  MILL_TRY(puts_to(p, "["));
  MILL_TRY(exprs(p, e, n));
  return puts_to(p, "]");
}

static mill_status texts(printer *p, const char *const *t, int n, const char *between) {
  for (int i = 0; i < n; i++) {
    if (i) MILL_TRY(puts_to(p, between));
    MILL_TRY(puts_to(p, t[i]));
  }
  return MILL_OK;
}

static mill_status output(printer *p, const mill_node *n, const char *between) {
  MILL_TRY(puts_to(p, " ["));
  for (int i = 0; i < n->noutput; i++) {
    if (i) MILL_TRY(puts_to(p, between));
    MILL_TRY(puts_to(p, n->output[i]->name));
  }
  return puts_to(p, "]");
}

/* Of an analysed node the columns: keys, then results; before, the select list. */
static mill_status aggregate(printer *p, const mill_node *n) {
  MILL_TRY(list(p, " ", n->keys, n->nkeys));
  MILL_TRY(puts_to(p, ", ["));
  if (n->analysed) MILL_TRY(exprs(p, n->keys, n->nkeys));
  if (n->analysed && n->nkeys && n->naggs) MILL_TRY(puts_to(p, ", "));
  if (n->analysed)
    MILL_TRY(exprs(p, n->aggs, n->naggs));
  else
    MILL_TRY(exprs(p, n->exprs, n->nexprs));
  return puts_to(p, "]");
}

static mill_status join(printer *p, const mill_node *n) {
  static const char *const joins[] = {"Inner",     "Cross",    "LeftOuter", "RightOuter",
                                      "FullOuter", "LeftSemi", "LeftAnti"};
  const char *kind = joins[n->join];
  if (n->natural) return mill_text_printf(p->out, p->w->err, " NaturalJoin(%s)", kind);
  if (n->ncolumns && !n->analysed) {
    MILL_TRY(mill_text_printf(p->out, p->w->err, " UsingJoin(%s, [", kind));
    MILL_TRY(texts(p, n->columns, n->ncolumns, ", "));
    return puts_to(p, "])");
  }
  MILL_TRY(mill_text_printf(p->out, p->w->err, " %s", kind));
  if (n->nexprs) MILL_TRY(puts_to(p, ", "));
  return exprs(p, n->exprs, n->nexprs ? 1 : 0);
}

static mill_status generate(printer *p, const mill_node *n) {
  MILL_TRY(puts_to(p, " "));
  MILL_TRY(exprs(p, n->exprs, n->nexprs));
  MILL_TRY(puts_to(p, n->outer ? ", true, [" : ", false, ["));
  MILL_TRY(texts(p, n->columns, n->ncolumns, ", "));
  return puts_to(p, "]");
}

static mill_status window_of(printer *p, const mill_node *n) {
  const mill_expr *e = n->nexprs ? n->exprs[0] : NULL;
  while (e && e->kind == MILL_X_ALIAS) e = e->args[0];
  if (e == NULL || e->kind != MILL_X_WINDOW) return MILL_OK;
  MILL_TRY(list(p, ", ", e->window->partition, e->window->npartition));
  return list(p, ", ", e->window->order, e->window->norder);
}

static mill_status relation(printer *p, const mill_node *n) {
  MILL_TRY(puts_to(p, " ["));
  MILL_TRY(n->nparts ? texts(p, n->parts, n->nparts, ", ") : exprs(p, n->exprs, n->nexprs));
  return puts_to(p, n->streaming ? "], [], true" : "], [], false");
}

static mill_status function(printer *p, const mill_node *n) {
  MILL_TRY(mill_text_printf(p->out, p->w->err, " [%s]", n->name ? n->name : ""));
  return list(p, ", ", n->exprs, n->nexprs);
}

static mill_status source(printer *p, const mill_node *n) {
  MILL_TRY(output(p, n, ","));
  return mill_text_printf(p->out, p->w->err, " %s", n->source->format);
}

static mill_status sample(printer *p, const mill_node *n) {
  return mill_text_printf(p->out, p->w->err, " %.1f, %g, %s, %llu", n->lower, n->upper,
                          n->replacement ? "true" : "false", (unsigned long long)n->seed);
}

static const char *truth(bool b) { return b ? "true" : "false"; }

static mill_status arguments(printer *p, const mill_node *n) {
  switch (n->kind) {
  case MILL_N_RELATION: return relation(p, n);
  case MILL_N_FUNCTION: return function(p, n);
  case MILL_N_TABLE:
  case MILL_N_VALUES:
  case MILL_N_CACHE: return output(p, n, ", ");
  case MILL_N_SOURCE: return source(p, n);
  case MILL_N_ONE_ROW:
  case MILL_N_DISTINCT:
  case MILL_N_REPARTITION: return MILL_OK;
  case MILL_N_RANGE:
    return mill_text_printf(p->out, p->w->err, " (%lld, %lld, step=%lld)", (long long)n->from,
                            (long long)n->to, (long long)n->step);
  case MILL_N_FILTER:
  case MILL_N_TAIL: MILL_TRY(puts_to(p, " ")); return exprs(p, n->exprs, n->nexprs);
  case MILL_N_AGGREGATE: return aggregate(p, n);
  case MILL_N_SORT:
    MILL_TRY(list(p, " ", n->exprs, n->nexprs));
    return mill_text_printf(p->out, p->w->err, ", %s", truth(n->global));
  case MILL_N_WINDOW: MILL_TRY(list(p, " ", n->exprs, n->nexprs)); return window_of(p, n);
  case MILL_N_WINDOW_GROUP_LIMIT:
    MILL_TRY(list(p, " ", n->keys, n->nkeys));
    MILL_TRY(list(p, ", ", n->exprs, n->nexprs));
    return mill_text_printf(p->out, p->w->err, ", %s(), %lld", n->name, (long long)n->to);
  case MILL_N_GENERATE: return generate(p, n);
  case MILL_N_SAMPLE: return sample(p, n);
  case MILL_N_ALIAS: return mill_text_printf(p->out, p->w->err, " %s", n->alias ? n->alias : "");
  case MILL_N_DROP:
  case MILL_N_WATERMARK:
  case MILL_N_PROJECT:
  case MILL_N_WITH_COLUMNS: return list(p, " ", n->exprs, n->nexprs);
  case MILL_N_DEDUP: return list(p, " ", n->keys, n->nkeys);
  case MILL_N_JOIN: return join(p, n);
  case MILL_N_UNION:
    return mill_text_printf(p->out, p->w->err, " %s, %s", truth(n->by_name),
                            truth(n->allow_missing));
  case MILL_N_SET_OP: return mill_text_printf(p->out, p->w->err, " %s", truth(n->all));
  default: return MILL_OK;
  }
}

/* ---- Statistics ------------------------------------------------------------------------------------ */

/* Spark's defaultSize: what a value is taken to need. */
static double width(const mill_type *t) {
  double sum = 0;
  switch (t->id) {
  case MILL_NULL:
  case MILL_BOOLEAN:
  case MILL_TINYINT: return 1;
  case MILL_SMALLINT: return 2;
  case MILL_INT:
  case MILL_FLOAT:
  case MILL_DATE:
  case MILL_INTERVAL_YM: return 4;
  case MILL_DECIMAL: return t->precision <= 18 ? 8 : 16;
  case MILL_STRING: return 20;
  case MILL_BINARY: return 100;
  case MILL_INTERVAL: return 16;
  case MILL_VARIANT: return 2048;
  case MILL_ARRAY:
  case MILL_MAP:
  case MILL_STRUCT:
    for (uint32_t i = 0; i < t->nfields; i++) sum += width(t->fields[i].type);
    return sum;
  default: return 8;
  }
}

/* A row has 8 bytes beside its columns, but for those of Range. */
static double size_of(const mill_node *n, double rows) {
  double row = n->kind == MILL_N_RANGE ? 0 : 8;
  for (int i = 0; i < n->noutput; i++) row += width(n->output[i]->type);
  return n->kind == MILL_N_ONE_ROW || rows < 1 ? 1 : rows * row;
}

/* "1688.0 B", "3.0 KiB": in a unit of which there are at least two. */
static mill_status bytes(printer *p, double n) {
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  for (; n >= 2048 && unit + 1 < sizeof units / sizeof *units; unit++) n /= 1024;
  return mill_text_printf(p->out, p->w->err, "sizeInBytes=%.1f %s", n, units[unit]);
}

/* Three digits: "12", "1.20E+4". */
static mill_status count(printer *p, double n) {
  char text[32], *e;
  if (n < 999.5) return mill_text_printf(p->out, p->w->err, ", rowCount=%.0f", n);
  snprintf(text, sizeof text, "%.2E", n);
  e = strchr(text, 'E');
  *e = '\0';
  return mill_text_printf(p->out, p->w->err, ", rowCount=%sE+%d", text,
                          (int)strtol(e + 2, NULL, 10));
}

static mill_status statistics(printer *p, const mill_node *n) {
  double rows = mill_n_estimate(n);
  if (!p->statistics || rows < 0) return MILL_OK;
  MILL_TRY(puts_to(p, ", Statistics("));
  MILL_TRY(bytes(p, size_of(n, rint(rows))));
  MILL_TRY(count(p, rint(rows)));
  return puts_to(p, ")");
}

/* ---- the tree ------------------------------------------------------------------------------- */

static const char *name_of(const mill_node *n) {
  bool known = (size_t)n->kind < sizeof node_names / sizeof *node_names;
  if (n->kind == MILL_N_SET_OP && !n->intersect) return "Except";
  if (n->kind == MILL_N_FILTER && n->having && !n->analysed) return "UnresolvedHaving";
  return known ? node_names[n->kind] : "Command";
}

static bool resolved(const mill_node *n) {
  return n->analysed || n->kind == MILL_N_ONE_ROW || n->kind == MILL_N_RANGE ||
         n->kind == MILL_N_TABLE || n->kind == MILL_N_SOURCE || n->kind == MILL_N_VALUES;
}

static mill_status logical(printer *p, const mill_node *n, const mill_branch *place);

static mill_status below(printer *p, const mill_node *n, const mill_branch *place) {
  for (int i = 0; i < n->nchildren; i++) {
    const mill_branch child = {place, i + 1 < n->nchildren};
    MILL_TRY(logical(p, n->child[i], &child));
  }
  return MILL_OK;
}

/* One of the nodes that Spark has for what is one of ours: a line of its own. */
static mill_status step(printer *p, const mill_node *n, const char *name, const mill_expr *written,
                        int64_t found, const mill_branch *place) {
  MILL_TRY(mill_explain_branch(place, p->out, p->w->err));
  MILL_TRY(mill_text_printf(p->out, p->w->err, "%s%s ", resolved(n) ? "" : "'", name));
  MILL_TRY(n->analysed ? mill_text_printf(p->out, p->w->err, "%lld", (long long)found)
                       : one(p, written));
  MILL_TRY(statistics(p, n));
  return puts_to(p, "\n");
}

/* GlobalLimit, LocalLimit, Offset: those that are wanted. */
static mill_status limit(printer *p, const mill_node *n, const mill_branch *place) {
  const mill_expr *most = n->nexprs ? n->exprs[0] : NULL,
                  *first = n->nexprs > 1 ? n->exprs[1] : NULL;
  bool cut = n->analysed ? n->to >= 0 : most != NULL,
       passed = n->analysed ? n->from > 0 : first != NULL;
  mill_branch under[2] = {{place, false}, {&under[0], false}};
  const mill_branch *at = place;
  if (cut) {
    MILL_TRY(step(p, n, "GlobalLimit", most, n->to, at));
    MILL_TRY(step(p, n, "LocalLimit", most, n->to, &under[0]));
    at = &under[1];
  }
  if (!passed) return below(p, n, cut ? &under[0] : place);
  MILL_TRY(step(p, n, "Offset", first, n->from, at));
  return below(p, n, at);
}

static mill_status logical(printer *p, const mill_node *n, const mill_branch *place) {
  if (n->kind == MILL_N_LIMIT) return limit(p, n, place);
  MILL_TRY(mill_explain_branch(place, p->out, p->w->err));
  if (!resolved(n)) MILL_TRY(puts_to(p, "'"));
  MILL_TRY(puts_to(p, name_of(n)));
  MILL_TRY(arguments(p, n));
  MILL_TRY(statistics(p, n));
  MILL_TRY(puts_to(p, "\n"));
  return below(p, n, place);
}

static mill_status schema_line(printer *p, const mill_node *n) {
  for (int i = 0; i < n->noutput; i++) {
    MILL_TRY(mill_text_printf(p->out, p->w->err, i ? ", %s: " : "%s: ", n->output[i]->name));
    MILL_TRY(mill_type_simple(n->output[i]->type, p->out, p->w->err));
  }
  return puts_to(p, "\n");
}

mill_status mill_explain_logical(mill_planner *w, const mill_node *n, const char *title,
                                 bool with_statistics, mill_text *out) {
  const mill_branch root = {NULL, false};
  printer p = {w, out, with_statistics};
  MILL_TRY(mill_text_printf(out, w->err, "== %s Logical Plan ==\n", title));
  if (strcmp(title, "Analyzed") == 0) MILL_TRY(schema_line(&p, n));
  MILL_TRY(logical(&p, n, &root));
  return puts_to(&p, "\n");
}

/* ---- what fails ----------------------------------------------------------------------------------- */

static mill_status place_of(const mill_error *e, mill_text *out, mill_error *err) {
  int line = 1, column = 0;
  if (e->query == NULL || e->start < 0) return MILL_OK;
  for (int32_t i = 0; i < e->start; i++, column++)
    if (e->query[i] == '\n') line++, column = -1;
  return mill_text_printf(out, err, "; line %d pos %d", line, column);
}

mill_status mill_explain_failed(mill_planner *w, const mill_node *parsed, const mill_error *why,
                                bool extended, mill_text *out) {
  const mill_branch root = {NULL, false};
  printer p = {w, out, false};
  if (extended) {
    MILL_TRY(mill_explain_logical(w, parsed, "Parsed", false, out));
    MILL_TRY(puts_to(&p, "== Analyzed Logical Plan ==\n"));
    MILL_TRY(mill_text_printf(out, w->err, "%s: ", mill_condition_class(why->condition)));
  } else {
    MILL_TRY(puts_to(&p, "Error occurred during query planning: \n"));
  }
  MILL_TRY(mill_text_printf(out, w->err, "[%s] %s SQLSTATE: %s",
                            mill_condition_name(why->condition), mill_error_message(why),
                            mill_condition_sqlstate(why->condition)));
  MILL_TRY(place_of(why, out, w->err));
  MILL_TRY(puts_to(&p, ";\n"));
  return logical(&p, parsed, &root);
}
