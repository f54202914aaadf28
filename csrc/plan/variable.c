/* Lists of variables: see variable.h. They are short, so a search compares names. */
#include "plan/variable.h"

#include <string.h>
#include <strings.h>

static bool same(const char *a, const char *b, bool case_sensitive) {
  return (case_sensitive ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

static void release(mill_variable *v) {
  mill_memory *m = v->arena.memory;
  mill_strfree(m, v->name);
  mill_strfree(m, v->preset);
  mill_arena_clear(&v->arena);
  mill_free(m, v, sizeof *v);
}

mill_status mill_variable_add(mill_memory *m, mill_variable_list *l, const char *name,
                              const char *preset, const mill_type *type, mill_variable **out,
                              mill_error *err) {
  mill_variable *v = mill_calloc(m, sizeof *v);
  if (v == NULL) return mill_oom(m, sizeof *v, err);
  mill_arena_init(&v->arena, m);
  v->name = mill_strdup(m, name);
  v->preset = mill_strdup(m, preset);
  if (v->name == NULL || (preset && v->preset == NULL)) {
    release(v);
    return mill_oom(m, strlen(name), err);
  }
  v->type = type;
  mill_vector_null(&v->value, type);
  v->next = l->first;
  l->first = v;
  if (out) *out = v;
  return MILL_OK;
}

mill_status mill_variable_set(mill_variable *v, const mill_vector *value, size_t i,
                              mill_error *err) {
  uint32_t at = (uint32_t)i;
  mill_arena arena;
  mill_vector own, constant;
  mill_arena_init(&arena, v->arena.memory);
  mill_status s = mill_vector_gather(&own, value, &at, 1, true, &arena, err);
  if (s == MILL_OK) s = mill_vector_constant(&constant, &own, 0, &arena, err);
  if (s != MILL_OK) {
    mill_arena_clear(&arena);
    return s;
  }
  mill_arena_clear(&v->arena);
  v->arena = arena;
  v->value = constant;
  return MILL_OK;
}

mill_variable *mill_variable_find(const mill_variable_list *l, const char *name,
                                  bool case_sensitive) {
  for (mill_variable *v = l->first; v; v = v->next)
    if (same(v->name, name, case_sensitive)) return v;
  return NULL;
}

bool mill_variable_drop(mill_variable_list *l, const char *name, bool case_sensitive) {
  for (mill_variable **at = &l->first; *at; at = &(*at)->next) {
    mill_variable *v = *at;
    if (!same(v->name, name, case_sensitive)) continue;
    *at = v->next;
    release(v);
    return true;
  }
  return false;
}

void mill_variable_clear(mill_variable_list *l) {
  while (l->first) {
    mill_variable *v = l->first;
    l->first = v->next;
    release(v);
  }
}

mill_variable *mill_variable_scope_find(const mill_variable_scope *s, const char *label,
                                        const char *name, bool case_sensitive,
                                        const mill_variable_scope **scope) {
  mill_variable *found = NULL;
  for (bool outermost = false; s; s = s->outer) {
    mill_variable *v = label && !same(s->label, label, case_sensitive)
                           ? NULL
                           : mill_variable_find(&s->list, name, case_sensitive);
    if (v) {
      found = v;
      *scope = s;
      if (!outermost) return v;
    }
    outermost |= s->handler;
  }
  return found;
}
