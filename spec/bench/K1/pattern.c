/* Regular expressions by PCRE2, compiled once. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "kernel.h"

typedef struct pattern {
  pcre2_code *code;
  pcre2_match_data *match;
  PCRE2_SIZE *at;
} pattern;

static pattern compile(const char *text) {
  int error;
  PCRE2_SIZE where;
  pcre2_code *code =
      pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &error, &where, NULL);
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
  pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
  return (pattern){code, match, pcre2_get_ovector_pointer(match)};
}

static void forget(pattern *x) {
  pcre2_match_data_free(x->match);
  pcre2_code_free(x->code);
}

static int match(const pattern *x, const char *p, size_t n, size_t from) {
  return pcre2_match(x->code, (PCRE2_SPTR)p, n, from, PCRE2_NO_UTF_CHECK, x->match, NULL);
}

/* A kernel over the texts of u with a pattern x. */
#define EACH_MATCH(name, text, body)                                                               \
  static void name(const table *t, result *r) {                                                    \
    pattern x = compile(text);                                                                     \
    char *w = r->bytes;                                                                            \
    for (size_t k = 0; k < t->rows; k++) {                                                         \
      const char *p = t->u.bytes + text_from(&t->u, k);                                            \
      size_t n = (size_t)(t->u.end[k] - text_from(&t->u, k));                                      \
      body r->end[k] = w - r->bytes;                                                               \
    }                                                                                              \
    forget(&x);                                                                                    \
  }

EACH_MATCH(k_rlike, "item=[0-9]*77&", { r->flags[k] = match(&x, p, n, 0) > 0; })

EACH_MATCH(k_regexp_extract, "^https?://([^/]+)/", {
  if (match(&x, p, n, 0) > 0) w = put(w, p + x.at[2], x.at[3] - x.at[2]);
})

EACH_MATCH(k_regexp_replace, "[0-9]+", {
  size_t from = 0;
  while (match(&x, p, n, from) > 0) {
    w = put(w, p + from, x.at[0] - from);
    *w++ = '#';
    from = x.at[1];
  }
  w = put(w, p + from, n - from);
})

EACH_MATCH(k_split, "[/?&]", {
  int32_t parts = 1;
  for (size_t from = 0; match(&x, p, n, from) > 0; from = x.at[1]) {
    r->more[parts] = (int64_t)x.at[0];
    parts++;
  }
  r->narrow[k] = parts;
})

EACH_MATCH(k_rlike_words, "(?i)ITEM=[0-9]+&page=(7|9)$", { r->flags[k] = match(&x, p, n, 0) > 0; })

EACH_MATCH(k_regexp_extract_all, "([a-z]+)=([0-9]+)", {
  int32_t found = 0;
  for (size_t from = 0; match(&x, p, n, from) > 0; from = x.at[1], found++)
    w = put(w, p + x.at[4], x.at[5] - x.at[4]);
  r->narrow[k] = found;
})

EACH_MATCH(k_regexp_count, "[0-9]+", {
  int32_t found = 0;
  for (size_t from = 0; match(&x, p, n, from) > 0; from = x.at[1]) found++;
  r->narrow[k] = found;
})

EACH_MATCH(k_regexp_instr, "page=[0-9]",
           { r->narrow[k] = match(&x, p, n, 0) > 0 ? (int32_t)x.at[0] + 1 : 0; })

EACH_MATCH(k_regexp_substr, "[a-z]+[?]item", {
  r->flags[k] = match(&x, p, n, 0) > 0;
  if (r->flags[k]) w = put(w, p + x.at[0], x.at[1] - x.at[0]);
})

/* The groups in another order. */
EACH_MATCH(k_regexp_replace_groups, "item=([0-9]+)&page=([0-9]+)", {
  size_t from = 0;
  while (match(&x, p, n, from) > 0) {
    w = put(w, p + from, x.at[0] - from);
    w = put(w, p + x.at[4], x.at[5] - x.at[4]);
    *w++ = '-';
    w = put(w, p + x.at[2], x.at[3] - x.at[2]);
    from = x.at[1];
  }
  w = put(w, p + from, n - from);
})

const kernel_case pattern_cases[] = {
    {"regexp.rlike", k_rlike, FLAG},
    {"regexp.rlike_words", k_rlike_words, FLAG},
    {"regexp.regexp_extract", k_regexp_extract, TEXT},
    {"regexp.regexp_extract_all", k_regexp_extract_all, INT32},
    {"regexp.regexp_count", k_regexp_count, INT32},
    {"regexp.regexp_instr", k_regexp_instr, INT32},
    {"regexp.regexp_substr", k_regexp_substr, TEXT},
    {"regexp.regexp_replace", k_regexp_replace, TEXT},
    {"regexp.regexp_replace_groups", k_regexp_replace_groups, TEXT},
    {"regexp.split", k_split, INT32},
    {NULL, NULL, NOTHING}};
