/* LIKE and ILIKE.
**
** A pattern is cut at its % into pieces. The first piece stands at the start and the last at the
** end of the text; those between are searched from left to right, each at its first place, which
** is enough because % takes anything. A piece without _ is compared or searched as bytes, so that
** 'x%', '%x' and '%x%' cost a memcmp or a search (base/find.h). Constant patterns are compiled when the call is
** bound, others once for each run of equal ones. ILIKE compares the lower-case forms. */
#include "base/find.h"
#include "base/text.h"
#include "base/utf8.h"
#include "kernel/find_rows.h"
#include "kernel/kernel_int.h"

#define KERNEL_HEAD(NAME)                                                                          \
  static mill_status NAME(mill_call *call, const mill_vector *const *args, size_t n,               \
                          mill_vector *out, mill_error *err)

enum { AHEAD = 8 };

typedef struct {
  const char *p;      /* bytes; those of a _ are not looked at */
  const uint8_t *any; /* 1 at a byte that stands for any one character; NULL: none does */
  size_t n;
} piece;

typedef struct {
  piece *piece; /* npieces >= 1, a % between each two */
  size_t npieces;
} pattern;

typedef struct {
  bool fold; /* ILIKE */
  bool constant;
  pattern pattern;
} like_plan;

/* ---- compiling ------------------------------------------------------------------------------ */

static mill_status bad_escape(mill_error *err, mill_status condition, const char *p, size_t n,
                              char c) {
  return mill_fail(err, condition, "format",
                   mill_error_fmt(err, "'%.*s'", (int)(n > 200 ? 200 : n), p), "char",
                   mill_error_fmt(err, "'%c'", c), NULL);
}

static mill_status compile(mill_arena *a, const char *p, size_t n, char escape, pattern *out,
                           mill_error *err) {
  size_t pieces = 1, at = 0;
  for (size_t i = 0; i < n; i++) pieces += p[i] == '%';
  char *copy = mill_arena_alloc(a, n + 1);
  uint8_t *any = mill_arena_alloc(a, n + 1);
  out->piece = mill_arena_alloc(a, pieces * sizeof *out->piece);
  if (copy == NULL || any == NULL || out->piece == NULL) return mill_oom(a->memory, n, err);
  piece *now = out->piece;
  *now = (piece){copy, NULL, 0};
  out->npieces = 1;
  for (size_t i = 0; i < n; i++) {
    if (p[i] == escape) {
      if (i + 1 == n) return bad_escape(err, MILL_E_INVALID_FORMAT_ESC_AT_THE_END, p, n, escape);
      i++;
      if (p[i] != '%' && p[i] != '_' && p[i] != escape)
        return bad_escape(err, MILL_E_INVALID_FORMAT_ESC_IN_THE_MIDDLE, p, n, p[i]);
    } else if (p[i] == '%') {
      now = &out->piece[out->npieces++];
      *now = (piece){copy + at, NULL, 0};
      continue;
    } else if (p[i] == '_') {
      any[at] = 1;
      now->any = any + (now->p - copy);
    }
    copy[at++] = p[i];
    now->n++;
  }
  return MILL_OK;
}

/* ---- matching ------------------------------------------------------------------------------- */

/* Bytes of the text that the piece takes when it stands at p; SIZE_MAX: it does not match there. */
static inline size_t match_at(const piece *x, const char *p, size_t n) {
  if (x->n == 0) return 0;
  if (x->any == NULL) return x->n <= n && memcmp(x->p, p, x->n) == 0 ? x->n : SIZE_MAX;
  size_t at = 0;
  for (size_t k = 0; k < x->n; k++) {
    int length = 1;
    if (at >= n) return SIZE_MAX;
    if (x->any[k])
      mill_utf8_decode(p + at, n - at, &length);
    else if (x->p[k] != p[at])
      return SIZE_MAX;
    at += (size_t)length;
  }
  return at;
}

/* Where the text behind the piece's first place starts; SIZE_MAX: there is no such place. */
static size_t search(const piece *x, const char *p, size_t n) {
  if (x->any == NULL) {
    const char *q = x->n ? mill_find(p, n, x->p, x->n) : p;
    return q ? (size_t)(q - p) + x->n : SIZE_MAX;
  }
  for (size_t from = 0; from <= n; from++) {
    if (from < n && ((unsigned char)p[from] & 0xc0) == 0x80) continue;
    size_t took = match_at(x, p + from, n - from);
    if (took != SIZE_MAX) return from + took;
  }
  return SIZE_MAX;
}

/* The last piece must end where the text ends. */
static inline bool match_end(const piece *x, const char *p, size_t n) {
  if (x->n == 0) return true;
  if (x->any == NULL) return x->n <= n && memcmp(p + n - x->n, x->p, x->n) == 0;
  for (size_t from = 0; from <= n; from++)
    if (match_at(x, p + from, n - from) == n - from &&
        (from == n || ((unsigned char)p[from] & 0xc0) != 0x80))
      return true;
  return false;
}

/* The pieces from k > 0 on, in the text from byte `took` on. */
static bool matches_from(const pattern *x, size_t k, const char *p, size_t n, size_t took) {
  for (; k + 1 < x->npieces; k++) {
    size_t next = search(&x->piece[k], p + took, n - took);
    if (next == SIZE_MAX) return false;
    took += next;
  }
  return match_end(&x->piece[x->npieces - 1], p + took, n - took);
}

static bool matches(const pattern *x, const char *p, size_t n) {
  size_t took = match_at(&x->piece[0], p, n);
  if (x->npieces == 1) return took == n;
  return took != SIZE_MAX && matches_from(x, 1, p, n, took);
}

/* ---- kernels -------------------------------------------------------------------------------- */

/* '%x..': the first piece is searched in many rows at once. */
static void search_rows(const pattern *x, const mill_vector *v, size_t n, mill_vector *out) {
  const char *at[MILL_FIND_ROWS];
  const piece *first = &x->piece[1];
  uint8_t *r = out->data;
  for (size_t from = 0, part; from < n; from += part) {
    part = n - from < MILL_FIND_ROWS ? n - from : MILL_FIND_ROWS;
    mill_find_rows(v, out->valid, from, part, first->p, first->n, at);
    for (size_t i = 0; i < part; i++) {
      r[from + i] = at[i] != NULL;
      if (at[i] == NULL || (x->npieces == 3 && x->piece[2].n == 0)) continue;
      const mill_str *t = &MILL_AT(mill_str, v, from + i);
      const char *p = mill_str_data(t);
      r[from + i] = matches_from(x, 2, p, t->size, (size_t)(at[i] - p) + first->n);
    }
  }
}

/* A piece of plain bytes at the start or the end of texts: its last eight bytes are compared as a word. */
typedef struct {
  const piece *x;
  size_t before; /* bytes of the piece before the word */
  uint64_t word, mask;
} edge;

static uint64_t word_at(const char *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

/* The word's bytes begin at byte `from` of it. */
static edge edge_of(const piece *x, bool at_end) {
  edge e = {x, x->n > 8 ? x->n - 8 : 0, 0, 0};
  size_t n = x->n - e.before, from = at_end ? 8 - n : 0;
  memcpy((char *)&e.word + from, x->p + e.before, n);
  memset((char *)&e.mask + from, 0xff, n);
  return e;
}

static inline bool starts(const edge *e, const char *p, size_t n) {
  if (n - e->before < 8) return memcmp(p, e->x->p, e->x->n) == 0;
  return ((word_at(p + e->before) ^ e->word) & e->mask) == 0 &&
         (e->before == 0 || memcmp(p, e->x->p, e->before) == 0);
}

static inline bool ends(const edge *e, const char *p, size_t n) {
  const char *at = p + n - e->x->n;
  if (n < 8) return memcmp(at, e->x->p, e->x->n) == 0;
  return ((word_at(p + n - 8) ^ e->word) & e->mask) == 0 &&
         (e->before == 0 || memcmp(at, e->x->p, e->before) == 0);
}

/* 'x%', '%x' and 'x%y' of plain bytes. */
static void match_edges(const pattern *x, const mill_vector *v, size_t n, mill_vector *out) {
  const edge first = edge_of(&x->piece[0], false), last = edge_of(&x->piece[1], true);
  const size_t nfirst = first.x->n, nlast = last.x->n;
  uint8_t *r = out->data;
  for (size_t i = 0; i < n; i++) {
    const mill_str *t = &MILL_AT(mill_str, v, i),
                   *ahead = &MILL_AT(mill_str, v, i + AHEAD < n ? i + AHEAD : i);
    __builtin_prefetch(mill_str_data(ahead) + (nlast && ahead->size ? ahead->size - 1 : 0));
    if (!mill_valid_bit(out->valid, i)) continue;
    const char *p = mill_str_data(t);
    r[i] = t->size >= nfirst + nlast && (nfirst == 0 || starts(&first, p, t->size)) &&
           (nlast == 0 || ends(&last, p, t->size));
  }
}

/* A constant pattern. Most of the time goes into waiting for bytes of the texts: those of the rows
** ahead are asked for. */
static void match_rows(const pattern *x, const mill_vector *v, size_t n, mill_vector *out) {
  uint8_t *r = out->data;
  if (x->npieces > 2 && x->piece[0].n == 0 && x->piece[1].n && x->piece[1].any == NULL) {
    search_rows(x, v, n, out);
    return;
  }
  if (x->npieces == 2 && x->piece[0].any == NULL && x->piece[1].any == NULL) {
    match_edges(x, v, n, out);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    const mill_str *t = &MILL_AT(mill_str, v, i);
    const char *next = mill_str_data(&MILL_AT(mill_str, v, i + AHEAD < n ? i + AHEAD : i));
    __builtin_prefetch(next);
    __builtin_prefetch(next + 64);
    if (mill_valid_bit(out->valid, i)) r[i] = matches(x, mill_str_data(t), t->size);
  }
}

/* The text, or for ILIKE its lower-case form in the arena. */
static mill_status folded(mill_call *call, const mill_str *s, mill_str *out, mill_error *err) {
  const like_plan *plan = call->state;
  mill_text text;
  char *p = NULL;
  *out = *s;
  if (!plan->fold) return MILL_OK;
  MILL_TRY(mill_bytes_take(call, s->size, &p, err));
  if (mill_utf8_ascii_case(MILL_LOWER, mill_str_data(s), s->size, p)) {
    *out = mill_str_done(call, p, s->size);
    return MILL_OK;
  }
  mill_text_init(&text, call->ctx->memory);
  mill_status status = mill_utf8_case(MILL_LOWER, mill_str_data(s), s->size, &text, err);
  if (status == MILL_OK) status = mill_bytes_take(call, text.size, &p, err);
  if (status == MILL_OK && text.size) memcpy(p, text.data, text.size);
  if (status == MILL_OK) *out = mill_str_done(call, p, text.size);
  mill_text_clear(&text);
  return status;
}

static char escape_at(const mill_call *call, const mill_vector *const *args, size_t i) {
  if (call->nargs < 3) return '\\';
  const mill_str *s = &MILL_AT(mill_str, args[2], i);
  return s->size ? mill_str_data(s)[0] : '\\';
}

KERNEL_HEAD(k_like) {
  const like_plan *plan = call->state;
  pattern x = plan->pattern;
  const mill_str *last = NULL;
  uint8_t *r = out->data;
  mill_str s, p;
  if (plan->constant && !plan->fold) {
    match_rows(&x, args[0], n, out);
    return MILL_OK;
  }
  MILL_EACH(out, n, i) {
    const mill_str *pat = &MILL_AT(mill_str, args[1], i);
    if (!plan->constant && (last == NULL || !mill_str_equal(last, pat))) {
      MILL_TRY(folded(call, pat, &p, err));
      char *copy = mill_arena_strndup(call->arena, mill_str_data(&p), p.size);
      if (copy == NULL) return mill_oom(call->arena->memory, p.size, err);
      MILL_TRY(compile(call->arena, copy, p.size, escape_at(call, args, i), &x, err));
      last = pat;
    }
    MILL_TRY(folded(call, &MILL_AT(mill_str, args[0], i), &s, err));
    r[i] = matches(&x, mill_str_data(&s), s.size);
  }
  return MILL_OK;
}

static mill_status bind_like(mill_binding *b, mill_error *err) {
  void *mem;
  mill_vector pat, escape;
  MILL_TRY(mill_bind_types(b, "string, string, #string? -> boolean", err));
  MILL_TRY(mill_bind_alloc(b, sizeof(like_plan), &mem, err));
  like_plan *plan = b->state = mem;
  plan->fold = strcmp(b->fn->name, "ilike") == 0 || b->cast_to[0]->collation == MILL_UTF8_LCASE;
  MILL_TRY(mill_bind_constant(b, 1, &pat, err));
  MILL_TRY(mill_bind_constant(b, 2, &escape, err));
  if (escape.type && (!mill_vector_valid(&escape, 0) || MILL_AT(mill_str, &escape, 0).size != 1))
    return mill_fail(err, MILL_E_INVALID_ESCAPE_CHAR, "sqlExpr",
                     mill_error_fmt(err, "\"%s\"", mill_arg_sql(b, 2)), NULL);
  if (pat.type == NULL || !mill_vector_valid(&pat, 0)) return MILL_OK;
  char c = '\\';
  if (escape.type) c = mill_str_data(&MILL_AT(mill_str, &escape, 0))[0];
  mill_call call = {.ctx = b->ctx, .set = b->set, .state = plan, .arena = b->arena, .start = -1};
  mill_str p;
  MILL_TRY(folded(&call, &MILL_AT(mill_str, &pat, 0), &p, err));
  plan->constant = b->safe = true;
  return compile(b->arena, mill_str_data(&p), p.size, c, &plan->pattern, err);
}

const mill_function mill_family_like[] = {
    {.name = "like",
     .types = "any, any, any?",
     .bind = bind_like,
     .kernel = k_like,
     .usage = "str like pattern[ ESCAPE escape]",
     .doc = "True where the text matches: % stands for anything, _ for one character.",
     .example = "SELECT 'tidemill' like '%mill' -> true"},
    {.name = "ilike",
     .types = "any, any, any?",
     .bind = bind_like,
     .kernel = k_like,
     .usage = "str ilike pattern[ ESCAPE escape]",
     .doc = "As like, without regard to case.",
     .example = "SELECT 'TideMill' ilike '%mill' -> true"},
    {0}};
