/* A sorted array of names and texts: see function_store.h. */
#include "plan/function_store.h"

#include <string.h>
#include <strings.h>

static void release(mill_function_store *s, mill_stored_function f) {
  mill_strfree(s->memory, f.name);
  mill_strfree(s->memory, f.text);
  mill_strfree(s->memory, f.path);
}

static size_t place(const mill_function_store *s, const char *name, bool *found) {
  *found = false;
  size_t i = 0;
  for (; i < s->n; i++) {
    int order = strcasecmp(s->at[i].name, name);
    *found = order == 0;
    if (order >= 0) break;
  }
  return i;
}

mill_status mill_function_store_define(mill_function_store *s, const char *name, const char *text,
                                       const char *path, mill_error *err) {
  bool found;
  size_t i = place(s, name, &found);
  mill_stored_function f = {mill_strdup(s->memory, name), mill_strdup(s->memory, text),
                            path ? mill_strdup(s->memory, path) : NULL, true};
  mill_status status = f.name && f.text && !(path && f.path == NULL)
                           ? MILL_OK
                           : mill_oom(s->memory, strlen(name) + strlen(text), err);
  if (status == MILL_OK && !found)
    status = mill_grow(s->memory, (void **)&s->at, &s->capacity, s->n + 1, sizeof *s->at, err);
  if (status != MILL_OK) {
    release(s, f);
    return status;
  }
  if (found) {
    release(s, s->at[i]);
  } else {
    memmove(s->at + i + 1, s->at + i, (s->n++ - i) * sizeof *s->at);
  }
  s->at[i] = f;
  return MILL_OK;
}

const mill_stored_function *mill_function_store_find(const mill_function_store *s,
                                                     const char *name) {
  bool found;
  size_t i = place(s, name, &found);
  return found ? &s->at[i] : NULL;
}

bool mill_function_store_drop(mill_function_store *s, const char *name) {
  bool found;
  size_t i = place(s, name, &found);
  if (!found) return false;
  release(s, s->at[i]);
  memmove(s->at + i, s->at + i + 1, (--s->n - i) * sizeof *s->at);
  return true;
}

void mill_function_store_clear(mill_function_store *s) {
  for (size_t i = 0; i < s->n; i++) release(s, s->at[i]);
  mill_free(s->memory, s->at, s->capacity * sizeof *s->at);
  s->at = NULL;
  s->n = s->capacity = 0;
}
