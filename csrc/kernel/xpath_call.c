/* The core functions of XPath 1.0 (section 4) and the conversions between its types. Texts are counted by
** characters. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/utf8.h"
#include "kernel/bytes_int.h"
#include "kernel/xpath_int.h"

/* ---- texts of nodes ------------------------------------------------------------------------- */

static mill_status add_texts(const mill_xml *top, mill_text *out, mill_error *err) {
  const mill_xml *x = top;
  for (;;) {
    if (x->kind == MILL_XML_TEXT) MILL_TRY(mill_text_add(out, x->text, x->size, err));
    if (x->child) {
      x = x->child;
      continue;
    }
    while (x != top && x->next == NULL) x = x->parent;
    if (x == top) return MILL_OK;
    x = x->next;
  }
}

static mill_status keep(mill_arena *a, const mill_text *t, const char **p, size_t *n,
                        mill_error *err) {
  *p = mill_arena_strndup(a, t->data ? t->data : "", t->size);
  *n = t->size;
  return *p ? MILL_OK : mill_oom(a->memory, t->size, err);
}

/* An element is all texts in it, one after the other. */
static mill_status string_value(mill_arena *a, const mill_xml *x, const char **p, size_t *n,
                                mill_error *err) {
  if (x->kind != MILL_XML_ROOT && x->kind != MILL_XML_ELEMENT) {
    *p = x->text;
    *n = x->size;
    return MILL_OK;
  }
  if (x->child && x->child == x->last && x->child->kind == MILL_XML_TEXT)
    return string_value(a, x->child, p, n, err);
  mill_text t;
  mill_text_init(&t, a->memory);
  mill_status s = add_texts(x, &t, err);
  if (s == MILL_OK) s = keep(a, &t, p, n, err);
  mill_text_clear(&t);
  return s;
}

mill_status mill_xpath_string(xpath_run *r, const mill_xml *node, const char **p, size_t *n) {
  return string_value(r->arena, node, p, n, r->err);
}

/* ---- conversions ---------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* [-] digits [. digits], blanks around it; anything else is NaN. */
double mill_xpath_read(const char *p, size_t n) {
  double d;
  size_t digits = 0, points = 0;
  while (n && is_blank(*p)) p++, n--;
  while (n && is_blank(p[n - 1])) n--;
  for (size_t i = n && *p == '-'; i < n; i++) {
    digits += p[i] >= '0' && p[i] <= '9';
    points += p[i] == '.';
    if (p[i] != '.' && (p[i] < '0' || p[i] > '9')) return NAN;
  }
  return digits && points < 2 && mill_parse_double(p, n, &d) ? d : NAN;
}

bool mill_xpath_bool(const mill_xpath_value *v) {
  switch (v->kind) {
  case XPATH_NODES:
  case XPATH_TEXT: return v->n > 0;
  default: return v->number != 0 && !isnan(v->number);
  }
}

mill_status mill_xpath_number(const mill_xpath_value *v, mill_arena *a, double *out,
                              mill_error *err) {
  const char *p;
  size_t n;
  *out = v->number;
  if (v->kind == XPATH_NUMBER || v->kind == XPATH_BOOL) return MILL_OK;
  MILL_TRY(mill_xpath_text(v, a, &p, &n, err));
  *out = mill_xpath_read(p, n);
  return MILL_OK;
}

/* The digits of a double, its exponent written out. */
static size_t plain_number(double d, char *to) {
  char text[MILL_DOUBLE_TEXT], digits[MILL_DOUBLE_TEXT];
  int n = mill_double_text(d, text), k = 0, exponent = 0, whole = 0;
  char *e = memchr(text, 'E', (size_t)n), *q = to;
  const char *p = text;
  if (e) exponent = (int)strtol(e + 1, NULL, 10), n = (int)(e - text);
  if (*p == '-') *q++ = *p++;
  for (; p < text + n; p++) {
    if (*p == '.')
      whole = k;
    else
      digits[k++] = *p;
  }
  whole += exponent;
  while (k > 1 && k > whole && digits[k - 1] == '0') k--;
  if (whole <= 0) {
    *q++ = '0';
    if (k > 1 || digits[0] != '0') *q++ = '.';
    for (int i = whole; i < 0; i++) *q++ = '0';
  }
  for (int i = 0; i < k || i < whole; i++) {
    if (i == whole && i > 0) *q++ = '.';
    if (whole > 0 || k > 1 || digits[0] != '0') *q++ = i < k ? digits[i] : '0';
  }
  return (size_t)(q - to);
}

static mill_status number_text(double d, mill_arena *a, const char **p, size_t *n,
                               mill_error *err) {
  char buf[400];
  *p = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
  *n = strlen(*p);
  if (isnan(d) || isinf(d)) return MILL_OK;
  *n = d == 0 ? 1 : plain_number(d, buf);
  *p = d == 0 ? "0" : mill_arena_strndup(a, buf, *n);
  return *p ? MILL_OK : mill_oom(a->memory, *n, err);
}

mill_status mill_xpath_text(const mill_xpath_value *v, mill_arena *a, const char **p, size_t *n,
                            mill_error *err) {
  switch (v->kind) {
  case XPATH_TEXT:
    *p = v->text;
    *n = v->n;
    return MILL_OK;
  case XPATH_BOOL:
    *p = v->number != 0 ? "true" : "false";
    *n = strlen(*p);
    return MILL_OK;
  case XPATH_NUMBER: return number_text(v->number, a, p, n, err);
  case XPATH_NODES: break;
  }
  *p = "";
  *n = 0;
  return v->n ? string_value(a, v->node[0], p, n, err) : MILL_OK;
}

/* ---- calls ---------------------------------------------------------------------------------- */

typedef struct call {
  xpath_run *run;
  const xpath_place *at;
  int nargs;
  mill_xpath_value arg[8]; /* the first ones */
  const mill_xpath *x;
} call;

typedef mill_status (*core)(call *c, mill_xpath_value *out);

static mill_status text_of(call *c, int i, bytes *out) {
  return mill_xpath_text(&c->arg[i], c->run->arena, &out->p, &out->n, c->run->err);
}

/* The text of the first argument, or of the context where it was left out. */
static mill_status own_text(call *c, bytes *out) {
  return c->nargs ? text_of(c, 0, out) : mill_xpath_string(c->run, c->at->node, &out->p, &out->n);
}

static void give_text(mill_xpath_value *out, bytes s) {
  *out = (mill_xpath_value){.kind = XPATH_TEXT, .text = s.p, .n = s.n};
}
static mill_status give_number(mill_xpath_value *out, double d) {
  *out = (mill_xpath_value){.kind = XPATH_NUMBER, .number = d};
  return MILL_OK;
}
static mill_status give_bool(mill_xpath_value *out, bool b) {
  *out = (mill_xpath_value){.kind = XPATH_BOOL, .number = b};
  return MILL_OK;
}

static mill_status need_nodes(call *c) {
  if (c->nargs == 0 || c->arg[0].kind == XPATH_NODES) return MILL_OK;
  return mill_fail(c->run->err, MILL_E_INVALID_XPATH, "path", c->run->source, "reason",
                   "a function needs a set of nodes", "position", "1", NULL);
}

static mill_status x_last(call *c, mill_xpath_value *out) {
  return give_number(out, (double)c->at->size);
}
static mill_status x_position(call *c, mill_xpath_value *out) {
  return give_number(out, (double)c->at->position);
}
static mill_status x_count(call *c, mill_xpath_value *out) {
  MILL_TRY(need_nodes(c));
  return give_number(out, (double)c->arg[0].n);
}

/* No attribute is known to be an identifier: that is for a DTD to say. */
static mill_status x_id(call *c, mill_xpath_value *out) {
  (void)c;
  *out = (mill_xpath_value){.kind = XPATH_NODES};
  return MILL_OK;
}

static const mill_xml *first_node(call *c) {
  if (c->nargs == 0) return c->at->node;
  return c->arg[0].n ? c->arg[0].node[0] : NULL;
}

static mill_status x_name(call *c, mill_xpath_value *out) {
  MILL_TRY(need_nodes(c));
  const mill_xml *x = first_node(c);
  const char *p = x && x->name ? x->name : "";
  give_text(out, (bytes){p, strlen(p)});
  return MILL_OK;
}
static mill_status x_local_name(call *c, mill_xpath_value *out) {
  MILL_TRY(need_nodes(c));
  const mill_xml *x = first_node(c);
  const char *p = x ? mill_xml_local(x) : "";
  give_text(out, (bytes){p, strlen(p)});
  return MILL_OK;
}
static mill_status x_namespace(call *c, mill_xpath_value *out) {
  MILL_TRY(need_nodes(c));
  give_text(out, (bytes){"", 0});
  return MILL_OK;
}

static mill_status x_string(call *c, mill_xpath_value *out) {
  bytes s = {"", 0};
  MILL_TRY(own_text(c, &s));
  give_text(out, s);
  return MILL_OK;
}

static mill_status add_arguments(call *c, mill_text *t) {
  const mill_xpath *x = c->x->a;
  for (int i = 0; i < c->nargs; i++, x = x->next) {
    mill_xpath_value v;
    bytes s = {"", 0};
    MILL_TRY(mill_xpath_eval(c->run, x, c->at, &v));
    MILL_TRY(mill_xpath_text(&v, c->run->arena, &s.p, &s.n, c->run->err));
    MILL_TRY(mill_text_add(t, s.p, s.n, c->run->err));
  }
  return MILL_OK;
}

static mill_status x_concat(call *c, mill_xpath_value *out) {
  mill_text t;
  bytes s = {"", 0};
  mill_text_init(&t, c->run->arena->memory);
  mill_status status = add_arguments(c, &t);
  if (status == MILL_OK) status = keep(c->run->arena, &t, &s.p, &s.n, c->run->err);
  mill_text_clear(&t);
  give_text(out, s);
  return status;
}

static mill_status two_texts(call *c, bytes *a, bytes *b) {
  MILL_TRY(text_of(c, 0, a));
  return text_of(c, 1, b);
}

static mill_status x_starts_with(call *c, mill_xpath_value *out) {
  bytes a = {"", 0}, b = {"", 0};
  MILL_TRY(two_texts(c, &a, &b));
  return give_bool(out, a.n >= b.n && memcmp(a.p, b.p, b.n) == 0);
}

static const char *find(bytes a, bytes b) {
  return b.n == 0 ? a.p : a.n ? memmem(a.p, a.n, b.p, b.n) : NULL;
}

static mill_status x_contains(call *c, mill_xpath_value *out) {
  bytes a = {"", 0}, b = {"", 0};
  MILL_TRY(two_texts(c, &a, &b));
  return give_bool(out, find(a, b) != NULL);
}
static mill_status x_before(call *c, mill_xpath_value *out) {
  bytes a = {"", 0}, b = {"", 0};
  MILL_TRY(two_texts(c, &a, &b));
  const char *p = find(a, b);
  give_text(out, (bytes){a.p, p ? (size_t)(p - a.p) : 0});
  return MILL_OK;
}
static mill_status x_after(call *c, mill_xpath_value *out) {
  bytes a = {"", 0}, b = {"", 0};
  MILL_TRY(two_texts(c, &a, &b));
  const char *p = find(a, b);
  give_text(out, p ? (bytes){p + b.n, (size_t)(a.p + a.n - p) - b.n} : (bytes){"", 0});
  return MILL_OK;
}

/* To the nearest whole number, halves up. */
static double round_half_up(double d) { return isfinite(d) ? floor(d + 0.5) : d; }

static mill_status number_of(call *c, int i, double *out) {
  return mill_xpath_number(&c->arg[i], c->run->arena, out, c->run->err);
}

/* Characters whose place p, from 1 on, is >= round(from) and < round(from) + round(length). */
static mill_status x_substring(call *c, mill_xpath_value *out) {
  bytes s = {"", 0};
  double from, length = INFINITY;
  MILL_TRY(text_of(c, 0, &s));
  MILL_TRY(number_of(c, 1, &from));
  if (c->nargs > 2) MILL_TRY(number_of(c, 2, &length));
  from = round_half_up(from);
  double to = from + round_half_up(length);
  size_t first = s.n, last = s.n, place = 1;
  for (size_t at = 0; at < s.n; place++) {
    int used;
    (void)mill_utf8_decode(s.p + at, s.n - at, &used);
    bool in = (double)place >= from && (double)place < to;
    if (in && first == s.n) first = at;
    if (!in && first < s.n && last == s.n) last = at;
    at += (size_t)used;
  }
  give_text(out, (bytes){s.p + first, last - first});
  return MILL_OK;
}

static mill_status x_length(call *c, mill_xpath_value *out) {
  bytes s = {"", 0};
  MILL_TRY(own_text(c, &s));
  return give_number(out, (double)mill_utf8_count(s.p, s.n));
}

static mill_status room(call *c, size_t n, char **out) {
  *out = mill_arena_alloc(c->run->arena, n + 1);
  return *out ? MILL_OK : mill_oom(c->run->arena->memory, n, c->run->err);
}

static mill_status x_normalize(call *c, mill_xpath_value *out) {
  bytes s = {"", 0};
  char *p;
  size_t k = 0;
  MILL_TRY(own_text(c, &s));
  MILL_TRY(room(c, s.n, &p));
  for (size_t i = 0; i < s.n; i++) {
    bool gap = is_blank(s.p[i]);
    if (gap && (k == 0 || p[k - 1] == ' ')) continue;
    p[k++] = gap ? ' ' : s.p[i];
  }
  if (k && p[k - 1] == ' ') k--;
  give_text(out, (bytes){p, k});
  return MILL_OK;
}

/* Where a character stands in a text, counted by characters; -1: nowhere. *found: its bytes. */
static int64_t place_of(bytes s, const char *c, int n) {
  int64_t place = 0;
  for (size_t at = 0; at < s.n; place++) {
    int used;
    (void)mill_utf8_decode(s.p + at, s.n - at, &used);
    if (used == n && memcmp(s.p + at, c, (size_t)n) == 0) return place;
    at += (size_t)used;
  }
  return -1;
}

static mill_status x_translate(call *c, mill_xpath_value *out) {
  bytes s = {"", 0}, from = {"", 0}, to = {"", 0};
  char *p;
  size_t k = 0;
  MILL_TRY(two_texts(c, &s, &from));
  MILL_TRY(text_of(c, 2, &to));
  MILL_TRY(room(c, s.n * 4, &p));
  for (size_t at = 0; at < s.n;) {
    int used, size;
    (void)mill_utf8_decode(s.p + at, s.n - at, &used);
    int64_t place = place_of(from, s.p + at, used);
    bytes put = {s.p + at, (size_t)used};
    if (place >= 0) {
      size_t other = mill_utf8_offset(to.p, to.n, (size_t)place);
      put = (bytes){to.p + other, 0};
      if (other < to.n) {
        (void)mill_utf8_decode(put.p, to.n - other, &size);
        put.n = (size_t)size;
      }
    }
    memcpy(p + k, put.p, put.n);
    k += put.n;
    at += (size_t)used;
  }
  give_text(out, (bytes){p, k});
  return MILL_OK;
}

static mill_status x_boolean(call *c, mill_xpath_value *out) {
  return give_bool(out, mill_xpath_bool(&c->arg[0]));
}
static mill_status x_not(call *c, mill_xpath_value *out) {
  return give_bool(out, !mill_xpath_bool(&c->arg[0]));
}
static mill_status x_true(call *c, mill_xpath_value *out) {
  (void)c;
  return give_bool(out, true);
}
static mill_status x_false(call *c, mill_xpath_value *out) {
  (void)c;
  return give_bool(out, false);
}

/* Is the nearest xml:lang that language, or a kind of it? */
static mill_status x_lang(call *c, mill_xpath_value *out) {
  bytes want = {"", 0};
  MILL_TRY(text_of(c, 0, &want));
  for (const mill_xml *x = c->at->node; x; x = x->parent)
    for (const mill_xml *a = x->kind == MILL_XML_ELEMENT ? x->attribute : NULL; a; a = a->next) {
      if (strcmp(a->name, "xml:lang") != 0) continue;
      bool same = a->size >= want.n && strncasecmp(a->text, want.p, want.n) == 0 &&
                  (a->size == want.n || a->text[want.n] == '-');
      return give_bool(out, same);
    }
  return give_bool(out, false);
}

static mill_status x_number(call *c, mill_xpath_value *out) {
  double d;
  bytes s = {"", 0};
  if (c->nargs) {
    MILL_TRY(number_of(c, 0, &d));
    return give_number(out, d);
  }
  MILL_TRY(own_text(c, &s));
  return give_number(out, mill_xpath_read(s.p, s.n));
}

static mill_status x_sum(call *c, mill_xpath_value *out) {
  double sum = 0;
  MILL_TRY(need_nodes(c));
  for (size_t i = 0; i < c->arg[0].n; i++) {
    bytes s = {"", 0};
    MILL_TRY(mill_xpath_string(c->run, c->arg[0].node[i], &s.p, &s.n));
    sum += mill_xpath_read(s.p, s.n);
  }
  return give_number(out, sum);
}

static mill_status x_floor(call *c, mill_xpath_value *out) {
  double d;
  MILL_TRY(number_of(c, 0, &d));
  return give_number(out, floor(d));
}
static mill_status x_ceiling(call *c, mill_xpath_value *out) {
  double d;
  MILL_TRY(number_of(c, 0, &d));
  return give_number(out, ceil(d));
}
static mill_status x_round(call *c, mill_xpath_value *out) {
  double d;
  MILL_TRY(number_of(c, 0, &d));
  return give_number(out, round_half_up(d));
}

static const struct {
  const char *name;
  core run;
  int least, most;
} functions[] = {{"last", x_last, 0, 0},
                 {"position", x_position, 0, 0},
                 {"count", x_count, 1, 1},
                 {"id", x_id, 1, 1},
                 {"local-name", x_local_name, 0, 1},
                 {"namespace-uri", x_namespace, 0, 1},
                 {"name", x_name, 0, 1},
                 {"string", x_string, 0, 1},
                 {"concat", x_concat, 2, 1000},
                 {"starts-with", x_starts_with, 2, 2},
                 {"contains", x_contains, 2, 2},
                 {"substring-before", x_before, 2, 2},
                 {"substring-after", x_after, 2, 2},
                 {"substring", x_substring, 2, 3},
                 {"string-length", x_length, 0, 1},
                 {"normalize-space", x_normalize, 0, 1},
                 {"translate", x_translate, 3, 3},
                 {"boolean", x_boolean, 1, 1},
                 {"not", x_not, 1, 1},
                 {"true", x_true, 0, 0},
                 {"false", x_false, 0, 0},
                 {"lang", x_lang, 1, 1},
                 {"number", x_number, 0, 1},
                 {"sum", x_sum, 1, 1},
                 {"floor", x_floor, 1, 1},
                 {"ceiling", x_ceiling, 1, 1},
                 {"round", x_round, 1, 1}};

int mill_xpath_function(const char *p, size_t n, int *least, int *most) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (strlen(functions[i].name) != n || memcmp(functions[i].name, p, n) != 0) continue;
    *least = functions[i].least;
    *most = functions[i].most;
    return (int)i;
  }
  return -1;
}

mill_status mill_xpath_call(xpath_run *r, const mill_xpath *x, const xpath_place *at,
                            mill_xpath_value *out) {
  core run = functions[x->function].run;
  call c = {.run = r, .at = at, .nargs = x->nargs, .x = x};
  const mill_xpath *a = x->a;
  for (int i = 0; run != x_concat && i < x->nargs; i++, a = a->next)
    MILL_TRY(mill_xpath_eval(r, a, at, &c.arg[i]));
  return run(&c, out);
}
