/* The contract of every definition in the catalogue: names are found and unique, texts are there,
** the type language is understood, and there is something to run. */
#include "call.h"

static void check_texts(const mill_function *fn) {
  CHECK(fn->usage && *fn->usage, "%s has no usage", fn->name);
  CHECK(fn->doc && strlen(fn->doc) > 5 && fn->doc[strlen(fn->doc) - 1] == '.', "%s: doc", fn->name);
  CHECK(fn->example && strncmp(fn->example, "SELECT ", 7) == 0 && strstr(fn->example, " -> "),
        "%s: example", fn->name);
}

static void check_names(const mill_function *fn) {
  CHECK(mill_function_find(fn->name, strlen(fn->name)) == fn, "%s is found", fn->name);
  for (const char *a = fn->alias; a && *a;) {
    a += *a == '=';
    size_t n = strcspn(a, ",");
    CHECK(mill_function_find(a, n) == fn, "%s: %.*s is found", fn->name, (int)n, a);
    a += n;
    a += strspn(a, ", ");
  }
}

/* A call with far too many arguments is refused, or the definition takes any number. */
static void check_binds(const mill_function *fn) {
  enum { MANY = 40 };
  const mill_type *type[MANY];
  const mill_vector *value[MANY];
  bool nullable[MANY];
  const char *sql[MANY];
  mill_vector *one = value_of("INT:1");
  for (int i = 0; i < MANY; i++) {
    type[i] = one->type;
    value[i] = one;
    nullable[i] = false;
    sql[i] = "1";
  }
  for (int n = 0; n <= MANY; n += n < 6 ? 1 : MANY - 6) {
    mill_binding b = {.ctx = &B.ctx,
                      .set = &B.set,
                      .fn = fn,
                      .name = fn->name,
                      .nargs = n,
                      .arg_type = type,
                      .arg_value = value,
                      .arg_nullable = nullable,
                      .arg_sql = sql,
                      .arena = &B.arena};
    mill_error_clear(&B.err);
    mill_status s = mill_function_bind(&b, &B.err);
    bool runs = b.kernel || b.aggregate || b.generate || fn->lowered || fn->kind == MILL_WINDOW ||
                fn->kind == MILL_TABLE || strncmp(fn->name, "grouping", 8) == 0;
    CHECK(s != MILL_OK || (b.result && runs), "%s(%d): bound without result", fn->name, n);
    CHECK(s != MILL_OK || fn->kind != MILL_AGGREGATE || b.partial || !b.aggregate,
          "%s: no travelling state", fn->name);
    CHECK(s == MILL_OK || *mill_error_message(&B.err), "%s: an error has a text", fn->name);
    CHECK(s != MILL_E_INTERNAL_ERROR, "%s", fn->name);
  }
}

static void check_similar(void) {
  const char *near[3];
  size_t n = mill_function_similar("coalesk", 7, near, 3);
  CHECK(n > 0 && strcmp(near[0], "coalesce") == 0);
  CHECK(mill_function_find("COALESCE", 8) == mill_function_find("coalesce", 8));
  CHECK(mill_function_find("no_such", 7) == NULL && mill_function_find("", 0) == NULL);
}

int main(void) {
  bench_open();
  const mill_function *fn;
  for (size_t i = 0; (fn = mill_function_at(i)) != NULL; i++) {
    check_names(fn);
    if (!(fn->flags & MILL_FN_HIDDEN)) check_texts(fn);
    check_binds(fn);
    mill_arena_clear(&B.arena);
  }
  check_similar();
  return bench_close();
}
