/* Regular expressions by PCRE2; see regex.h. Its memory comes from the funnel: blocks carry their
** size in front, since PCRE2 does not give it back. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <pcre2.h>
#include <string.h>

enum { MATCH_LIMIT = 10000000, HEADER = 16 };

struct mill_regex {
  pcre2_code *code;
  pcre2_general_context *general;
  mill_memory *memory;
  uint32_t groups;
  bool jit;
};

static void *take(PCRE2_SIZE n, void *memory) {
  char *p = mill_alloc(memory, n + HEADER);
  if (p == NULL) return NULL;
  size_t size = n + HEADER;
  memcpy(p, &size, sizeof size);
  return p + HEADER;
}

static void give(void *p, void *memory) {
  size_t size;
  if (p == NULL) return;
  memcpy(&size, (char *)p - HEADER, sizeof size);
  mill_free(memory, (char *)p - HEADER, size);
}

static void regex_free(void *what) {
  mill_regex *r = what;
  pcre2_code_free(r->code);
  pcre2_general_context_free(r->general);
}

static mill_status compile(mill_regex *r, const char *s, size_t n, uint32_t options,
                           mill_error *err) {
  PCRE2_SIZE at;
  int code = 0;
  r->general = pcre2_general_context_create(take, give, r->memory);
  pcre2_compile_context *c = r->general ? pcre2_compile_context_create(r->general) : NULL;
  if (c == NULL) return mill_oom(r->memory, n, err);
  pcre2_set_newline(c, PCRE2_NEWLINE_ANYCRLF);
  r->code = pcre2_compile((PCRE2_SPTR)s, n, options, &code, &at, c);
  pcre2_compile_context_free(c);
  if (r->code == NULL)
    return code == PCRE2_ERROR_HEAP_FAILED ? mill_oom(r->memory, n, err) : MILL_OK;
  r->jit = pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE) == 0; /* else matching is only slower */
  pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->groups);
  return MILL_OK;
}

mill_status mill_regex_new(mill_arena *a, const char *s, size_t n, bool ignore_case,
                           const mill_regex **out, mill_error *err) {
  mill_regex *r = mill_arena_alloc(a, sizeof *r);
  uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
  *out = NULL;
  if (r == NULL) return mill_oom(a->memory, sizeof *r, err);
  r->memory = a->memory;
  mill_status status = compile(r, s, n, options | (ignore_case ? PCRE2_CASELESS : 0), err);
  if (status != MILL_OK || r->code == NULL || !mill_arena_at_end(a, regex_free, r)) {
    bool malformed = status == MILL_OK && r->code == NULL;
    regex_free(r);
    return status ? status : malformed ? MILL_OK : mill_oom(a->memory, n, err);
  }
  *out = r;
  return MILL_OK;
}

int mill_regex_groups(const mill_regex *r) { return (int)r->groups; }

int mill_regex_group(const mill_regex *r, const char *name, size_t n) {
  char own[64];
  if (n >= sizeof own) return -1;
  memcpy(own, name, n);
  own[n] = '\0';
  int k = pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)own);
  return k > 0 ? k : -1;
}

mill_status mill_search_init(mill_search *s, const mill_regex *r, mill_error *err) {
  *s = (mill_search){.regex = r};
  s->data = pcre2_match_data_create_from_pattern(r->code, r->general);
  s->limits = pcre2_match_context_create(r->general);
  if (s->data && s->limits) {
    pcre2_set_match_limit(s->limits, MATCH_LIMIT);
    s->span = pcre2_get_ovector_pointer(s->data);
    return MILL_OK;
  }
  mill_search_clear(s);
  return mill_oom(r->memory, 256, err);
}

void mill_search_clear(mill_search *s) {
  if (s->data) pcre2_match_data_free(s->data);
  if (s->limits) pcre2_match_context_free(s->limits);
  *s = (mill_search){0};
}

mill_found mill_search_run(mill_search *s, const char *text, size_t n, size_t from) {
  const mill_regex *r = s->regex;
  int k = r->jit ? pcre2_jit_match(r->code, (PCRE2_SPTR)text, n, from, 0, s->data, s->limits)
                 : pcre2_match(r->code, (PCRE2_SPTR)text, n, from, 0, s->data, s->limits);
  if (k > 0) return MILL_FOUND;
  return k == PCRE2_ERROR_NOMATCH ? MILL_NOT_FOUND : MILL_GAVE_UP;
}

size_t mill_search_next(const mill_search *s, const char *text, size_t n) {
  size_t at = s->span[1];
  if (s->span[0] != at) return at;
  do at++;
  while (at < n && ((unsigned char)text[at] & 0xc0) == 0x80);
  return at;
}
