/* SQL texts: the bytes are read as a statement, an expression, a type and a schema. Each gives a tree or an
** error that has a message. */
#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(mill_status status, mill_error *err) {
  if (status != MILL_OK && *mill_error_message(err) == '\0') abort();
  mill_error_clear(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mill_session *s;
  const char *text = (const char *)data;
  const mill_type *type;
  const mill_expr *e;
  mill_plan *p = NULL;
  mill_arena arena;
  mill_error err;
  if (s == NULL) s = fuzz_session();
  mill_error_clear(&err);
  if (mill_plan_new(s, &p, &err) != MILL_OK) abort();
  say(mill_sql_parse(p, text, size, &err), &err);
  mill_plan_unref(p);
  mill_arena_init(&arena, mill_session_memory(s));
  say(mill_sql_expr(s, text, size, &arena, &e, &err), &err);
  mill_arena_clear(&arena);
  say(mill_sql_type(s, text, size, &type, &err), &err); /* types stay with the session .. */
  say(mill_sql_schema(s, text, size, &type, &err), &err);
  if (mill_memory_read(mill_session_memory(s)).used > FUZZ_SESSION_MEMORY / 2) { /* .. which goes */
    mill_session_close(s);
    mill_session_unref(s);
    s = NULL;
  }
  return 0;
}
