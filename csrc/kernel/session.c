/* What a query can ask of its session: database, catalogue, user, version. Fixed while it is analysed. */
#include "kernel/bytes_int.h"

typedef struct answer {
  const char *text;
} answer;

KERNEL_HEAD(k_answer) {
  const answer *a = call->state;
  (void)args, (void)err;
  mill_str s = mill_str_view(a->text, strlen(a->text));
  for (size_t i = 0; i < n; i++) ((mill_str *)out->data)[i] = s;
  return MILL_OK;
}

static mill_status bind_answer(mill_binding *b, mill_error *err) {
  const char *name = b->fn->name;
  answer *a = mill_arena_alloc(b->arena, sizeof *a);
  if (a == NULL) return mill_oom(b->ctx->memory, sizeof *a, err);
  mill_settings_once(b->set);
  const char *path = mill_error_fmt(err, "system.builtin,system.session,spark_catalog.%s",
                                    b->set->database ? b->set->database : "");
  const char *text = strcmp(name, "current_schema") == 0    ? b->set->database
                     : strcmp(name, "current_catalog") == 0 ? "spark_catalog"
                     : strcmp(name, "current_path") == 0    ? path
                     : strcmp(name, "version") == 0
                         ? "4.3.0 0000000000000000000000000000000000000000"
                         : b->set->user;
  a->text = mill_arena_strndup(b->arena, text ? text : "", text ? strlen(text) : 0);
  if (a->text == NULL) return mill_oom(b->ctx->memory, 1, err);
  b->state = a;
  b->result = mill_type_of(MILL_STRING);
  b->nullable = false;
  return MILL_OK;
}

#define ANSWER(NAME, ALIAS, DOC, EXAMPLE)                                                          \
  {                                                                                                \
    .name = NAME, .alias = ALIAS, .types = "-> string", .bind = bind_answer, .kernel = k_answer,   \
    .flags = MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE, .usage = NAME "()", .doc = DOC,                \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_session[] = {
    ANSWER("current_schema", "=current_database", "The database in use.",
           "SELECT current_schema() -> default"),
    ANSWER("current_catalog", NULL, "The catalogue in use.",
           "SELECT current_catalog() -> spark_catalog"),
    ANSWER("current_path", NULL, "Where the names of functions are looked for, in order.",
           "SELECT current_path() -> system.builtin,system.session,spark_catalog.default"),
    ANSWER("current_user", "user, session_user", "Who runs the session.",
           "SELECT length(current_user()) > 0 -> true"),
    ANSWER("version", NULL, "The version of Spark whose language this is, and a revision.",
           "SELECT substring(version(), 1, 5) -> 4.3.0"),
    {0}};
