/* Casts: a byte that chooses, then three lines: two types as SQL writes them and the bytes of a value. The
** value, a text (or bytes, or an array of texts), is cast to the one type, that to the other, and it to a
** text, by all modes. Between types without parts TRY gives the value of ANSI, and null where ANSI fails. */
#include "fuzz_session.h"
#include "kernel/cast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mill_session *s;
static mill_settings set;
static mill_arena arena;
static mill_error err;

static mill_status cast(const mill_vector *v, const mill_type *to, mill_cast_mode mode, bool *bound,
                        mill_vector *out) {
  const bool nullable = true;
  const char *sql = "x";
  mill_binding b = {.ctx = mill_session_context(s),
                    .set = &set,
                    .nargs = 1,
                    .arg_type = &v->type,
                    .arg_value = &v,
                    .arg_nullable = &nullable,
                    .arg_sql = &sql,
                    .arena = &arena};
  *bound = false;
  MILL_TRY(mill_cast_bind(&b, to, mode, &err));
  *bound = true;
  mill_call call = {.ctx = b.ctx,
                    .set = &set,
                    .result = b.result,
                    .arg_type = &v->type,
                    .nargs = 1,
                    .state = b.state,
                    .arena = &arena,
                    .start = -1};
  mill_vector flat;
  MILL_TRY(mill_vector_init(&flat, b.result, 1, &arena, &err));
  if (!mill_vector_valid(v, 0)) {
    mill_vector_null(out, b.result);
    return MILL_OK;
  }
  MILL_TRY(b.kernel(&call, &v, 1, &flat, &err));
  return mill_vector_constant(out, &flat, 0, &arena, &err);
}

static void text_of(const mill_vector *v, mill_text *out) {
  if (mill_value_text(&set, v, 0, out, &err) != MILL_OK) mill_error_clear(&err);
}

static bool has_parts(const mill_type *t) {
  return t->id == MILL_ARRAY || t->id == MILL_MAP || t->id == MILL_STRUCT || t->id == MILL_VARIANT;
}

static bool by_all_modes(const mill_vector *v, const mill_type *to, mill_vector *out) {
  static const mill_cast_mode modes[] = {MILL_CAST_ANSI, MILL_CAST_TRY, MILL_CAST_LEGACY};
  mill_text text[3];
  mill_status status[3];
  mill_vector value[3];
  bool bound[3];
  for (int k = 0; k < 3; k++) {
    mill_error_clear(&err);
    mill_text_init(&text[k], mill_session_memory(s));
    status[k] = cast(v, to, modes[k], &bound[k], &value[k]);
    if (status[k] == MILL_OK) text_of(&value[k], &text[k]);
  }
  if (bound[0] && bound[1] && !has_parts(v->type) && !has_parts(to)) {
    if (status[1] == MILL_OK && status[0] == MILL_OK &&
        (text[0].size != text[1].size ||
         (text[0].size && memcmp(text[0].data, text[1].data, text[0].size) != 0)))
      abort();
    if (status[0] != MILL_OK && status[0] != MILL_E_OUT_OF_MEMORY && status[1] == MILL_OK &&
        mill_vector_valid(&value[1], 0))
      abort();
  }
  for (int k = 0; k < 3; k++) mill_text_clear(&text[k]);
  int k = status[0] == MILL_OK ? 0 : 2;
  *out = value[k];
  return status[k] == MILL_OK;
}

/* The texts between the semicolons. */
static bool array_of(const char *p, size_t n, mill_vector *out) {
  const mill_type *string = mill_type_of(MILL_STRING);
  const mill_type *type = mill_type_array(mill_session_context(s)->types, string, true);
  if (type == NULL || mill_vector_init(out, type, 1, &arena, &err) != MILL_OK) return false;
  mill_str *all = mill_arena_alloc(&arena, (n + 1) * sizeof *all);
  uint32_t count = 0;
  if (all == NULL) return false;
  for (size_t from = 0, at = 0; at <= n; at++) {
    if (at < n && p[at] != ';') continue;
    all[count++] = mill_str_view(p + from, at - from);
    from = at + 1;
  }
  const mill_vector texts = {.type = string, .data = all, .size = count};
  if (mill_vector_append(&out->child[0], &texts, NULL, count, true, &arena, &err) != MILL_OK)
    return false;
  ((mill_span *)out->data)[0] = (mill_span){0, count};
  return true;
}

static const char *line_end(const char *p, const char *end) {
  const char *at = memchr(p, '\n', (size_t)(end - p));
  return at ? at : end;
}

static void run(const char *p, const char *end, unsigned way) {
  const mill_type *type[2];
  for (int k = 0; k < 2; k++) {
    const char *stop = line_end(p, end);
    if (mill_sql_type(s, p, (size_t)(stop - p), &type[k], &err) != MILL_OK || stop == end) return;
    p = stop + 1;
  }
  size_t n = (size_t)(end - p);
  mill_str str = mill_str_view(p, n);
  mill_vector v = {
      .type = mill_type_of(way & 1 ? MILL_BINARY : MILL_STRING), .data = &str, .size = 1};
  mill_vector first, second, text;
  if (way & 2 && !array_of(p, n, &v)) return;
  if (by_all_modes(&v, type[0], &first) && by_all_modes(&first, type[1], &second))
    (void)by_all_modes(&second, mill_type_of(MILL_STRING), &text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  mill_error_clear(&err);
  if (s == NULL) {
    s = fuzz_session();
    if (mill_session_settings(s, &set, &err) != MILL_OK) abort();
  }
  mill_arena_init(&arena, mill_session_memory(s));
  run((const char *)data + 1, (const char *)data + size, data[0]);
  mill_arena_clear(&arena);
  if (mill_memory_read(mill_session_memory(s)).used > FUZZ_SESSION_MEMORY / 2) {
    mill_session_close(s);
    mill_session_unref(s);
    s = NULL;
  }
  return 0;
}
