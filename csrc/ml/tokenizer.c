/* Tokenizer: a text in lower case, cut at each white space character.
**
** Like Java's split("\\s"): two blanks in a row give an empty token, tokens that are empty at the end
** are left out, the empty text has one empty token. Reference: Spark's ml.feature.Tokenizer. */
#include <string.h>

#include "base/utf8.h"
#include "ml/stage_int.h"

static const mill_param params[] = {MILL_P_INPUT, MILL_P_OUTPUT, {0}};

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r'); /* tab, newline, vertical tab, form feed, return */
}

static mill_status add_token(mill_vector *items, const char *p, size_t n, mill_arena *a,
                             mill_error *err) {
  if (items->size >= items->capacity)
    MILL_TRY(mill_vector_reserve(items, items->capacity ? 2 * items->capacity : 64, a, err));
  ((mill_str *)items->data)[items->size++] = mill_str_view(p, n);
  return MILL_OK;
}

/* The tokens of n bytes, which live as long as the batch. */
static mill_status cut(mill_vector *out, size_t row, const char *p, size_t n, mill_arena *a,
                       mill_error *err) {
  mill_vector *items = &out->child[0];
  uint32_t start = items->size, last = start; /* behind the last token that is not empty */
  size_t from = 0;
  for (size_t i = 0; i <= n; i++) {
    if (i < n && !is_space(p[i])) continue;
    MILL_TRY(add_token(items, p + from, i - from, a, err));
    if (i > from) last = items->size;
    from = i + 1;
  }
  items->size = n == 0 ? start + 1 : last;
  ((mill_span *)out->data)[row] = (mill_span){start, items->size - start};
  return MILL_OK;
}

static mill_status k_tokens(mill_call *call, const mill_vector *const *args, size_t n,
                            mill_vector *out, mill_error *err) {
  mill_text lower;
  mill_text_init(&lower, call->ctx->memory);
  mill_status s = MILL_OK;
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    uint32_t k = (uint32_t)i & args[0]->mask;
    if (!mill_valid_bit(args[0]->valid, k)) {
      s = mill_row_null(call, err);
      break;
    }
    const mill_str *text = (const mill_str *)args[0]->data + k;
    mill_text_reset(&lower);
    s = mill_utf8_case(MILL_LOWER, mill_str_data(text), text->size, &lower, err);
    char *kept = s == MILL_OK
                     ? mill_arena_strndup(call->arena, lower.size ? lower.data : "", lower.size)
                     : NULL;
    if (s == MILL_OK && kept == NULL) s = mill_oom(call->arena->memory, lower.size, err);
    if (s == MILL_OK) s = cut(out, i, kept, lower.size, call->arena, err);
  }
  mill_text_clear(&lower);
  return s;
}

static mill_status bind(mill_binder *b, mill_error *err) {
  const mill_bound *e;
  const mill_type *type = mill_type_array(b->ctx->types, mill_type_of(MILL_STRING), true);
  if (type == NULL) return mill_oom(b->ctx->memory, sizeof *type, err);
  MILL_TRY(mill_bind_input(b, mill_get_text(b->stage, "inputCol"), MILL_IN_STRING, &e, NULL, err));
  MILL_TRY(mill_bind_kernel(b, "Tokenizer", k_tokens, MILL_FN_NULLS, type, NULL, &e, 1, &e, err));
  return mill_bind_output(b, mill_get_text(b->stage, "outputCol"), type, true, NULL, e, err);
}

const mill_stage_class mill_class_Tokenizer = {
    .name = "Tokenizer",
    .package = "feature",
    .role = MILL_TRANSFORMER,
    .doc = "Splits a text into words in lower case at white space.",
    .example =
        "ml.feature.Tokenizer{ inputCol = \"text\", outputCol = \"words\" }:transform(df):show()",
    .params = params,
    .bind = bind,
};
