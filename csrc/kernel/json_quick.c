/* JSON records of the usual form into columns, without a token between text and value; see
** json_value.h.
**
** Names are compared with the member that came after the one before it in other records, so most are
** neither searched for their end nor hashed. What is not of the usual form (escapes, rare types,
** values that do not fit) goes value by value through mill_json_take; where the structure is not as
** expected the record is left to it as a whole, which knows what is wrong. */
#include "kernel/json_quick.h"

/* ---- places ---------------------------------------------------------------------------------- */

/* Functions take where something stands and give where it ends, so that the place need not go through memory from
** one value to the next. */

/* In more than one place, each of a loop over values. */
#define EACH static inline __attribute__((always_inline))

static const char *behind_blanks(const json_walk *w, const char *p) {
  while (p < w->end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
  return p;
}

/* As json_next_char: behind blanks, the character at *p. */
EACH char next(const json_walk *w, const char **p) {
  if (__builtin_expect((unsigned char)**p <= ' ', 0)) *p = behind_blanks(w, *p);
  return *p < w->end ? **p : 0;
}

static inline bool is_word(const json_walk *w, const char *p, const char *word, size_t n) {
  return (size_t)(w->end - p) >= n && memcmp(p, word, n) == 0 &&
         (p + n == w->end || json_ends_value(p[n]));
}

/* ---- passing over --------------------------------------------------------------------------- */

/* The value at p by the reader of tokens. NULL: malformed. */
static const char *pass_slowly(json_walk *w, const char *p) {
  mill_json_reader *r = w->b->reader;
  mill_json_start(r, p, (size_t)(w->end - p), w->b->rules->options);
  r->depth = w->depth;
  return mill_json_pass(w->b->rules, r, json_next(w->b->rules, r)) ? r->p : NULL;
}

EACH const char *pass_name(const json_walk *w, const char *p) {
  if (next(w, &p) != '"') return NULL;
  const char *q = json_text_end(p + 1);
  if (q >= w->end || *q++ != '"') return NULL;
  return next(w, &q) == ':' ? q + 1 : NULL;
}

static const char *pass_value(json_walk *w, const char *p);

static const char *pass_nested(json_walk *w, const char *p, bool object) {
  const char close = object ? '}' : ']';
  w->depth++;
  p++;
  if (next(w, &p) != close) {
    for (;; p++) {
      if (object) p = pass_name(w, p);
      if (p) p = pass_value(w, p);
      if (p == NULL) return NULL;
      char behind = next(w, &p);
      if (behind == close) break;
      if (behind != ',') return NULL;
    }
  }
  w->depth--;
  return p + 1;
}

/* The value at p; NULL: malformed, or the long way must tell. */
static const char *pass_value(json_walk *w, const char *p) {
  char c = next(w, &p);
  if (c == '"') {
    const char *q = json_text_end(p + 1);
    return q < w->end && *q == '"' ? q + 1 : pass_slowly(w, p);
  }
  if ((c == '{' || c == '[') && w->depth < JSON_QUICK_DEPTH && w->depth < w->b->rules->max_depth)
    return pass_nested(w, p, c == '{');
  if ((c == '-' || (c >= '0' && c <= '9')) && w->b->rules->max_number >= 64) {
    const char *q = json_number_end(p, w->end);
    return q ? q : pass_slowly(w, p);
  }
  if ((c == 't' && is_word(w, p, "true", 4)) || (c == 'n' && is_word(w, p, "null", 4)))
    return p + 4;
  return c == 'f' && is_word(w, p, "false", 5) ? p + 5 : pass_slowly(w, p);
}

static bool moved(json_walk *w, const char *p) {
  if (p) w->p = p;
  return p != NULL;
}

bool mill_json_quick_name(json_walk *w) { return moved(w, pass_name(w, w->p)); }

bool mill_json_quick_value(json_walk *w) { return moved(w, pass_value(w, w->p)); }

/* ---- values --------------------------------------------------------------------------------- */

static inline void set_valid(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] |= 1ull << (row & 63);
}
static inline void set_null(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] &= ~(1ull << (row & 63));
}

/* NULL: the record is to be left; w->put says how bad it is. */

static const char *leave(json_walk *w, json_put how) {
  w->put = how;
  return NULL;
}

static const char *put_slowly(json_walk *w, json_column *c, uint32_t row, const char *p) {
  mill_json_reader *r = w->b->reader;
  mill_json_start(r, p, (size_t)(w->end - p), w->b->rules->options);
  r->depth = w->depth;
  json_put one = mill_json_take(w->b, c, row, json_next(w->b->rules, r));
  if (one > w->put) w->put = one;
  return one < JSON_BROKEN ? r->p : NULL;
}

EACH void *place(const json_column *c, uint32_t row, size_t width) {
  return (char *)c->vector.data + row * width;
}

/* What the character behind a backslash stands for; 0: more than one character has to tell. */
static inline char escaped(char c) {
  switch (c) {
  case '"':
  case '\\':
  case '/': return c;
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return 0;
  }
}

/* The text whose quote is at p and whose first backslash at q: with such escapes only. */
static const char *put_escaped(json_walk *w, json_column *c, uint32_t row, const char *p,
                               const char *q) {
  const char *from = p + 1, *end = q;
  size_t escapes = 0;
  for (; end + 1 < w->end && *end == '\\'; escapes++) {
    if (!escaped(end[1])) return put_slowly(w, c, row, p);
    end = json_text_end(end + 2);
  }
  if (end >= w->end || *end != '"') return put_slowly(w, c, row, p);
  size_t n = (size_t)(end - from) - escapes;
  char *own = mill_arena_take(w->b->scratch, n), *to = own;
  if (own == NULL) {
    w->b->status = mill_oom(w->b->memory, n, w->b->err);
    return leave(w, JSON_FAILED);
  }
  for (; q < end; q = json_text_end(from)) {
    memcpy(to, from, (size_t)(q - from));
    to += q - from;
    *to++ = escaped(q[1]);
    from = q + 2;
  }
  memcpy(to, from, (size_t)(q - from));
  *(mill_str *)place(c, row, sizeof(mill_str)) = mill_str_view(own, n);
  set_valid(c, row);
  return end + 1;
}

EACH const char *put_string(json_walk *w, json_column *c, uint32_t row, const char *p) {
  const char *q = json_text_end(p + 1);
  if (*q == '\\') return put_escaped(w, c, row, p, q);
  if (q >= w->end || *q != '"') return put_slowly(w, c, row, p);
  *(mill_str *)place(c, row, sizeof(mill_str)) = mill_str_view_padded(p + 1, (uint32_t)(q - p - 1));
  set_valid(c, row);
  return q + 1;
}

/* The functions up to put_plain give NULL where a value is of another form than they know. */
static const char *put_time(const json_walk *w, const json_column *c, uint32_t row, const char *p) {
  const mill_value_rules *r = &w->b->rules->values;
  const char *q = json_text_end(++p);
  size_t n = (size_t)(q - p);
  int64_t *out = place(c, row, sizeof *out);
  if (q >= w->end || *q != '"') return NULL;
  bool done = false;
  if (c->type->id == MILL_DATE)
    done = n == 10 && !r->date_pattern && quick_date(p, place(c, row, sizeof(int32_t)));
  else if (c->type->id == MILL_TIMESTAMP)
    done = !r->timestamp_pattern && quick_timestamp(p, n, out) &&
           mill_zone_to_utc(r->timestamp.zone, *out, out);
  else
    done = !r->ntz_pattern && quick_timestamp(p, n, out);
  return done ? q + 1 : NULL;
}

/* The digits of a number, *part of them behind a point. */
EACH const char *plain_number(const json_walk *w, const char *p, bool fraction, uint64_t *v,
                              size_t *part) {
  const char *from = p + (*p == '-');
  *v = *part = 0;
  size_t whole = quick_run(from, (size_t)(w->end - from), v);
  const char *q = from + whole;
  if (whole == 0 || whole > 15 || (*from == '0' && whole > 1) || w->b->rules->max_number < 64)
    return NULL;
  if (fraction && q < w->end && *q == '.') {
    const char *digits = q + 1;
    *part = quick_run(digits, (size_t)(w->end - digits), v);
    q = digits + *part;
    size_t room = 19 - whole + (*from == '0');
    for (; q < w->end && *q >= '0' && *q <= '9' && *part < room; q++, ++*part)
      *v = *v * 10 + (uint64_t)(*q - '0');
    if (*part == 0 || *part > room) return NULL;
  }
  return q >= w->end || json_ends_value(*q) ? q : NULL;
}

EACH const char *put_integer(const json_walk *w, const char *p, int64_t *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, p, false, &v, &part);
  *out = *p == '-' ? -(int64_t)v : (int64_t)v;
  return q;
}

EACH const char *put_double(const json_walk *w, const char *p, double *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, p, true, &v, &part);
  if (q == NULL) return NULL;
  if (part == 0)
    *out = (double)(*p == '-' ? -(int64_t)v : (int64_t)v); /* "-0" is an integer's zero */
  else if (!mill_double_of(v, -(int)part, out))
    return NULL;
  else if (*p == '-')
    *out = -*out;
  return q;
}

static const char *put_decimal(const json_walk *w, const mill_type *t, const char *p,
                               int64_t *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, p, true, &v, &part);
  bool fits = q && part && quick_decimal(p, (size_t)(q - p), t->scale, out) &&
              mill_decimal_fits(*out, t->precision);
  return fits ? q : NULL;
}

/* A number or a word. */
EACH const char *put_plain(const json_walk *w, const json_column *c, uint32_t row, const char *p) {
  int64_t v;
  const char *q = NULL;
  switch (c->type->id) {
  case MILL_BIGINT: return put_integer(w, p, place(c, row, sizeof v));
  case MILL_INT:
    q = put_integer(w, p, &v);
    *(int32_t *)place(c, row, sizeof(int32_t)) = (int32_t)v;
    return v == (int32_t)v ? q : NULL;
  case MILL_DOUBLE: return put_double(w, p, place(c, row, sizeof(double)));
  case MILL_DECIMAL:
    if (c->type->phys != MILL_PHYS_I64) return NULL;
    return put_decimal(w, c->type, p, place(c, row, sizeof v));
  case MILL_BOOLEAN:
    if (is_word(w, p, "true", 4)) q = p + 4;
    *(uint8_t *)place(c, row, 1) = q != NULL;
    return q || !is_word(w, p, "false", 5) ? q : p + 5;
  default: return NULL;
  }
}

static const char *put_struct(json_walk *w, json_column *c, uint32_t row, const char *p);
static const char *put_array(json_walk *w, json_column *c, uint32_t row, const char *p);

/* By the type of the column, not by the text: what comes next in a record is known by then, so the ways of one
** record are those of the record before. */
EACH const char *put_value(json_walk *w, json_column *c, uint32_t row, const char *p) {
  const char first = next(w, &p), *q = NULL;
  if (first == 'n' && c->type->id != MILL_VARIANT && is_word(w, p, "null", 4)) {
    set_null(c, row); /* there may have been a member of that name before */
    return p + 4;
  }
  switch (c->type->id) {
  case MILL_STRING:
    if (first == '"') return put_string(w, c, row, p);
    break;
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
    if (first == '"') q = put_time(w, c, row, p);
    break;
  case MILL_STRUCT:
    if (first == '{' && w->depth < JSON_QUICK_DEPTH) return put_struct(w, c, row, p);
    break;
  case MILL_ARRAY:
    if (first == '[' && w->depth < JSON_QUICK_DEPTH) return put_array(w, c, row, p);
    break;
  default: q = put_plain(w, c, row, p); break;
  }
  if (q == NULL) return put_slowly(w, c, row, p);
  set_valid(c, row);
  return q;
}

/* ---- what holds others ---------------------------------------------------------------------- */

static const char *put_array(json_walk *w, json_column *c, uint32_t row, const char *p) {
  json_column *item = &c->child[0];
  const uint32_t start = item->size;
  const json_put before = w->put;
  if (++w->depth > w->b->rules->max_depth) return leave(w, JSON_BROKEN);
  w->put = JSON_GOOD;
  p++;
  if (next(w, &p) != ']') {
    for (;; p++) {
      if (!mill_json_add_item(w->b, item)) return leave(w, JSON_FAILED);
      p = put_value(w, item, item->size++, p);
      if (p == NULL) return NULL;
      char behind = next(w, &p);
      if (behind == ']') break;
      if (behind != ',') return leave(w, JSON_BROKEN);
    }
  }
  w->depth--;
  ((mill_span *)c->vector.data)[row] = (mill_span){start, item->size - start};
  if (w->put != JSON_BAD)
    set_valid(c, row);
  else
    set_null(c, row);
  if (before > w->put) w->put = before;
  return p + 1;
}

/* Do the name at p, behind its quote, and a colon behind it equal that of a member? */
static inline bool is_member(const json_column *c, uint32_t at, const char *p, size_t left) {
  const json_name *name = &c->name[at];
  uint64_t other = (quick_load(p) ^ name->word[0]) & name->mask[0];
  other |= (quick_load(p + 8) ^ name->word[1]) & name->mask[1];
  if (other || name->size + 2 > left) return false;
  if (name->size <= JSON_NAME_SHORT) return true;
  return memcmp(p, c->type->fields[at].name, name->size) == 0 &&
         memcmp(p + name->size, "\":", 2) == 0;
}

/* A name that was not guessed: its end is searched. */
static const char *look_up(json_walk *w, const json_column *c, uint32_t *guess, const char *p,
                           uint32_t *out) {
  const char *q = json_text_end(p);
  if (q >= w->end || *q != '"') return NULL;
  *out = mill_json_member(c, p, (size_t)(q++ - p));
  if (*out != UINT32_MAX && *out != guess[0]) {
    guess[1] = guess[0];
    guess[0] = *out;
  }
  return next(w, &q) == ':' ? q + 1 : NULL;
}

/* The member whose name stands at p, behind its quote; where its value is. NULL: not of the usual form. UINT32_MAX:
** no such member. */
EACH const char *find_member(json_walk *w, const json_column *c, uint32_t *guess, const char *p,
                             uint32_t *out) {
  size_t left = (size_t)(w->end - p);
  for (int i = 0; i < JSON_GUESSES; i++)
    if (guess[i] != UINT32_MAX && is_member(c, guess[i], p, left)) {
      *out = guess[i];
      return p + c->name[guess[i]].size + 2;
    }
  return look_up(w, c, guess, p, out);
}

/* Which member follows the one before it, guessed: records come in a few orders, which the one before that tells
** apart; the first names are told apart by their first characters. */
static inline uint32_t *guesses(const json_column *c, uint32_t before, uint32_t turn) {
  return c->after + ((size_t)before * JSON_TURNS + turn % JSON_TURNS) * JSON_GUESSES;
}

static const char *put_struct(json_walk *w, json_column *c, uint32_t row, const char *p) {
  const json_put before = w->put;
  uint32_t last = c->type->nfields, at, turn;
  if (++w->depth > w->b->rules->max_depth) return leave(w, JSON_BROKEN);
  w->put = JSON_GOOD;
  p++;
  if (next(w, &p) != '}') {
    turn = (unsigned char)p[1];
    for (;; p++) {
      if (next(w, &p) != '"') return leave(w, JSON_BROKEN);
      p = find_member(w, c, guesses(c, last, turn), p + 1, &at);
      if (p == NULL) return leave(w, JSON_BROKEN);
      if (at == UINT32_MAX) {
        p = pass_value(w, p);
        if (p == NULL) return leave(w, JSON_BROKEN);
      } else {
        p = put_value(w, &c->child[at], row, p);
        turn = last;
        last = at;
      }
      if (p == NULL) return NULL;
      char behind = next(w, &p);
      if (behind == '}') break;
      if (behind != ',') return leave(w, JSON_BROKEN);
    }
  }
  w->depth--;
  set_valid(c, row);
  if (w->put != JSON_GOOD) w->put = JSON_PARTIAL;
  if (before > w->put) w->put = before;
  return p + 1;
}

json_put mill_json_quick(json_builder *b, json_column *root, uint32_t row, const char *p,
                         size_t n) {
  json_walk w = {.b = b, .end = p + n, .put = JSON_GOOD};
  const char *from = p;
  if (next(&w, &from) != '{') return JSON_BROKEN;
  put_struct(&w, root, row, from);
  return w.put;
}
