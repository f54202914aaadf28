/* What a query can ask of its session: database, catalogue, user, version. Fixed while it is analysed.
** And of the files it reads: the planner makes the hidden functions over _metadata of the calls that stand
** above a scan of files; those that stand elsewhere answer that there is none. */
#include <ctype.h>

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

/* system.builtin,spark_catalog.a: of SET PATH, with the database in use in its place. */
static const char *path_text(mill_binding *b, mill_error *err) {
  static const char word[] = "CURRENT_SCHEMA";
  const char *database = b->set->database ? b->set->database : "";
  const char *path = b->set->path ? b->set->path : "system.builtin,system.session,CURRENT_SCHEMA";
  for (const char *s = path;; s++) {
    size_t n = strlen(word);
    if (*s == '\0') return path;
    if ((s > path && s[-1] != ',') || strncmp(s, word, n) != 0 || (s[n] && s[n] != ',')) continue;
    return mill_error_fmt(err, "%.*sspark_catalog.%s%s", (int)(s - path), path, database, s + n);
  }
}

static mill_status bind_answer(mill_binding *b, mill_error *err) {
  const char *name = b->fn->name;
  answer *a = mill_arena_alloc(b->arena, sizeof *a);
  if (a == NULL) return mill_oom(b->ctx->memory, sizeof *a, err);
  mill_settings_once(b->set);
  const char *path = path_text(b, err);
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

/* ---- files ---------------------------------------------------------------------------------- */

KERNEL_HEAD(k_no_name) {
  (void)call, (void)args, (void)err;
  for (size_t i = 0; i < n; i++) put_view(out, i, "", 0);
  return MILL_OK;
}

KERNEL_HEAD(k_no_block) {
  (void)call, (void)args, (void)err;
  for (size_t i = 0; i < n; i++) ((int64_t *)out->data)[i] = -1;
  return MILL_OK;
}

/* What a path may hold as it is: Java's URI quotes the rest, but no letters beyond ASCII. */
static bool plain(unsigned char c) {
  return c >= 0x80 || isalnum(c) || (c && strchr("-_.!~*'():@&=+$,/;", c));
}

static mill_status add_uri(mill_text *t, bytes path, mill_error *err) {
  const size_t scheme = 5; /* "file:", which has an authority here, though an empty one */
  MILL_TRY(mill_text_adds(t, "file://", err));
  for (size_t i = scheme; i < path.n; i++) {
    unsigned char c = (unsigned char)path.p[i];
    MILL_TRY(plain(c) ? mill_text_addc(t, (char)c, err) : mill_text_printf(t, err, "%%%02X", c));
  }
  return MILL_OK;
}

/* The rows of a batch are those of one file, mostly. */
KERNEL_HEAD(k_file_uri) {
  mill_text t;
  mill_status s = MILL_OK;
  mill_text_init(&t, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    mill_str *to = (mill_str *)out->data + i;
    bool same =
        i && mill_str_equal(&MILL_AT(mill_str, args[0], i), &MILL_AT(mill_str, args[0], i - 1));
    if (same) {
      *to = to[-1];
      continue;
    }
    t.size = 0;
    s = add_uri(&t, bytes_at(args[0], i), err);
    if (s == MILL_OK) s = put_text(call, out, i, &t, err);
  }
  mill_text_clear(&t);
  return s;
}

KERNEL_HEAD(k_file_block) {
  (void)call, (void)err;
  for (size_t i = 0; i < n; i++) ((int64_t *)out->data)[i] = MILL_AT(int64_t, args[0], i);
  return MILL_OK;
}

enum { OF_A_ROW = MILL_FN_NONDETERMINISTIC | MILL_FN_NEVER_NULL | MILL_FN_NO_RAISE };

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
    {.name = "input_file_name",
     .types = "-> string",
     .kernel = k_no_name,
     .flags = OF_A_ROW,
     .usage = "input_file_name()",
     .doc = "The URI of the file that the row is read from; '' where it is from none.",
     .example = "SELECT input_file_name() = '' -> true"},
    {.name = "input_file_block_start",
     .types = "-> bigint",
     .kernel = k_no_block,
     .flags = OF_A_ROW,
     .usage = "input_file_block_start()",
     .doc = "Where the block that the row is read from starts in its file; -1 where there is none.",
     .example = "SELECT input_file_block_start() -> -1"},
    {.name = "input_file_block_length",
     .types = "-> bigint",
     .kernel = k_no_block,
     .flags = OF_A_ROW,
     .usage = "input_file_block_length()",
     .doc = "The bytes of the block that the row is read from; -1 where there is none.",
     .example = "SELECT input_file_block_length() -> -1"},
    {.name = "~file_uri",
     .types = "string -> string",
     .kernel = k_file_uri,
     .flags = OF_A_ROW | MILL_FN_HIDDEN,
     .usage = "file_uri(path)",
     .doc = "The URI of _metadata.file_path."},
    {.name = "~file_block",
     .types = "bigint -> bigint",
     .kernel = k_file_block,
     .flags = OF_A_ROW | MILL_FN_HIDDEN,
     .usage = "file_block(number)",
     .doc = "A number of _metadata that is of the row, and no constant."},
    {0}};
