/* Parse for tests, and print a tree as nested lists: CALL (name args), columns as a.b, literals by
** type. */
#ifndef MILL_SPEC_TREE_H
#define MILL_SPEC_TREE_H

#include <stdlib.h>

#include "../check.h"
#include "base/timezone.h"
#include "sql/parser_int.h"

typedef struct tree_world {
  mill_memory *memory;
  mill_arena arena;
  mill_context ctx;
  mill_error err;
  char text[4096];
} tree_world;

static inline void tree_open(tree_world *w) {
  w->memory = mill_memory_new(0);
  w->ctx = (mill_context){
      .memory = w->memory, .types = mill_types_new(w->memory), .zones = mill_zones_new(w->memory)};
  mill_arena_init(&w->arena, w->memory);
}

static inline void tree_close(tree_world *w) {
  mill_arena_clear(&w->arena);
  mill_types_free(w->ctx.types);
  mill_zones_free(w->ctx.zones);
  CHECK(mill_memory_read(w->memory).used == 0, "nothing leaks");
  mill_memory_free(w->memory);
}

/* Parse a statement, or with `expression` an expression; NULL on failure (err says why). */
static inline mill_status tree_parse(tree_world *w, const char *sql, bool expression,
                                     const mill_expr **e, mill_node **n) {
  mill_parser p;
  mill_sql_rules rules = {.ctx = &w->ctx, .set = {.ansi = true, .zone = mill_zone_utc()}};
  mill_error_clear(&w->err);
  mill_status s = mill_p_begin(&p, &rules, &w->arena, sql, strlen(sql), &w->err);
  if (s != MILL_OK) return s;
  if (expression) {
    *e = mill_p_named(&p);
  } else {
    *n = mill_p_statement(&p);
  }
  return mill_p_end(&p);
}

static inline void tree_add(tree_world *w, const char *s) {
  strncat(w->text, s, sizeof w->text - strlen(w->text) - 1);
}

static inline void tree_literal(tree_world *w, const mill_expr *e) {
  char buf[128];
  const mill_vector *v = e->value;
  const char *data = v->data;
  if (v->valid && !(v->valid[0] & 1)) {
    tree_add(w, "NULL");
    return;
  }
  switch (v->type->id) {
  case MILL_INT: snprintf(buf, sizeof buf, "%d", *(const int32_t *)data); break;
  case MILL_DATE: snprintf(buf, sizeof buf, "date:%d", *(const int32_t *)data); break;
  case MILL_INTERVAL_YM:
    snprintf(buf, sizeof buf, "ym%d-%d:%d", v->type->start, v->type->end, *(const int32_t *)data);
    break;
  case MILL_INTERVAL_DT:
    snprintf(buf, sizeof buf, "dt%d-%d:%lld", v->type->start, v->type->end,
             (long long)*(const int64_t *)data);
    break;
  case MILL_BIGINT: snprintf(buf, sizeof buf, "%lldL", (long long)*(const int64_t *)data); break;
  case MILL_DOUBLE: snprintf(buf, sizeof buf, "%gD", *(const double *)data); break;
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
    snprintf(buf, sizeof buf, "ts:%lld", (long long)*(const int64_t *)data);
    break;
  case MILL_BOOLEAN: snprintf(buf, sizeof buf, "%s", *data ? "true" : "false"); break;
  case MILL_STRING: {
    const mill_str *s = v->data;
    snprintf(buf, sizeof buf, "'%.*s'", (int)s->size, mill_str_data(s));
    break;
  }
  case MILL_DECIMAL:
    snprintf(buf, sizeof buf, "dec%d,%d:%lld", v->type->precision, v->type->scale,
             (long long)*(const int64_t *)data);
    break;
  default: snprintf(buf, sizeof buf, "type%d", v->type->id); break;
  }
  tree_add(w, buf);
}

static inline void tree_expr(tree_world *w, const mill_expr *e) {
  static const char *const kinds[] = {"name",    "text",   "*",        "param", "named",
                                      "literal", "call",   "cast",     "get",   "field",
                                      "alias",   "lambda", "var",      "over",  "sort",
                                      "scalar",  "exists", "in-query", "host",  "column"};
  if (e->kind == MILL_X_LITERAL) {
    tree_literal(w, e);
    return;
  }
  if (e->kind == MILL_X_NAME) {
    for (int i = 0; i < e->nparts; i++) {
      if (i) tree_add(w, ".");
      tree_add(w, e->parts[i]);
    }
    return;
  }
  tree_add(w, "(");
  tree_add(w, e->kind == MILL_X_CALL ? e->name : kinds[e->kind]);
  if (e->kind == MILL_X_NAMED || e->kind == MILL_X_PARAMETER) {
    tree_add(w, " ");
    tree_add(w, e->name ? e->name : "?");
  }
  if (e->distinct) tree_add(w, " distinct");
  if (e->ignore_nulls) tree_add(w, " ignore-nulls");
  if (e->kind == MILL_X_SORT) tree_add(w, e->descending ? " desc" : " asc");
  for (int i = 0; e->kind != MILL_X_CALL && i < e->nparts; i++) {
    tree_add(w, " ");
    tree_add(w, e->parts[i]);
  }
  for (int i = 0; i < e->nargs; i++) {
    tree_add(w, " ");
    tree_expr(w, e->args[i]);
  }
  tree_add(w, ")");
}

/* The tree of an expression, or the condition that it fails with. */
static inline const char *tree(tree_world *w, const char *sql) {
  const mill_expr *e = NULL;
  mill_status s = tree_parse(w, sql, true, &e, NULL);
  w->text[0] = '\0';
  if (s != MILL_OK) return mill_condition_name(s);
  tree_expr(w, e);
  return w->text;
}

/* "ok", or the condition that a statement fails with. */
static inline const char *verdict(tree_world *w, const char *sql) {
  mill_node *n = NULL;
  mill_status s = tree_parse(w, sql, false, NULL, &n);
  return s == MILL_OK ? "ok" : mill_condition_name(s);
}

#endif
