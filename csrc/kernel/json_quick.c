/* JSON records of the usual form into columns, without a token between text and value; see
** json_value.h.
**
** Names are compared with the member that came after the one before it in other records, so most are
** neither searched for their end nor hashed. What is not of the usual form (escapes, rare types,
** values that do not fit) goes value by value through mill_json_take; where the structure is not as
** expected the record is left to it as a whole, which knows what is wrong. */
#include "kernel/json_quick.h"

/* ---- passing over --------------------------------------------------------------------------- */

/* The value at w->p by the reader of tokens. False: malformed. */
static bool pass_slowly(json_walk *w) {
  mill_json_reader *r = w->b->reader;
  mill_json_start(r, w->p, (size_t)(w->end - w->p), w->b->rules->options);
  r->depth = w->depth;
  if (!mill_json_pass(w->b->rules, r, json_next(w->b->rules, r))) return false;
  w->p = r->p;
  return true;
}

bool mill_json_quick_name(json_walk *w) {
  if (json_next_char(w) != '"') return false;
  const char *q = json_text_end(w->p + 1);
  if (q >= w->end || *q != '"') return false;
  w->p = q + 1;
  if (json_next_char(w) != ':') return false;
  w->p++;
  return true;
}

static bool pass_nested(json_walk *w, bool object) {
  const char close = object ? '}' : ']';
  w->depth++;
  w->p++;
  if (json_next_char(w) != close) {
    for (;; w->p++) {
      if ((object && !mill_json_quick_name(w)) || !mill_json_quick_value(w)) return false;
      char c = json_next_char(w);
      if (c == close) break;
      if (c != ',') return false;
    }
  }
  w->p++;
  w->depth--;
  return true;
}

bool mill_json_quick_value(json_walk *w) {
  char c = json_next_char(w);
  if (c == '"') {
    const char *q = json_text_end(w->p + 1);
    if (q >= w->end || *q != '"') return pass_slowly(w);
    w->p = q + 1;
    return true;
  }
  if ((c == '{' || c == '[') && w->depth < JSON_QUICK_DEPTH && w->depth < w->b->rules->max_depth)
    return pass_nested(w, c == '{');
  if ((c == '-' || (c >= '0' && c <= '9')) && w->b->rules->max_number >= 64 && json_pass_number(w))
    return true;
  bool word = (c == 't' && json_is_word(w, "true", 4)) || (c == 'n' && json_is_word(w, "null", 4));
  if (word) w->p += 4;
  if (!word && c == 'f' && json_is_word(w, "false", 5)) {
    w->p += 5;
    word = true;
  }
  return word || pass_slowly(w);
}

/* ---- values --------------------------------------------------------------------------------- */

static inline void set_valid(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] |= 1ull << (row & 63);
}
static inline void set_null(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] &= ~(1ull << (row & 63));
}

static json_put put_slowly(json_walk *w, json_column *c, uint32_t row) {
  mill_json_reader *r = w->b->reader;
  mill_json_start(r, w->p, (size_t)(w->end - w->p), w->b->rules->options);
  r->depth = w->depth;
  json_put one = mill_json_take(w->b, c, row, json_next(w->b->rules, r));
  w->p = r->p;
  return one;
}

static inline void *place(const json_column *c, uint32_t row, size_t width) {
  return (char *)c->vector.data + row * width;
}

static inline json_put good(json_walk *w, json_column *c, uint32_t row, const char *behind) {
  set_valid(c, row);
  w->p = behind;
  return JSON_GOOD;
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

/* The text at w->p, whose first backslash is at q: with such escapes only. */
static json_put put_escaped(json_walk *w, json_column *c, uint32_t row, const char *q) {
  const char *p = w->p + 1, *end = q;
  size_t escapes = 0;
  for (; end + 1 < w->end && *end == '\\'; escapes++) {
    if (!escaped(end[1])) return put_slowly(w, c, row);
    end = json_text_end(end + 2);
  }
  if (end >= w->end || *end != '"') return put_slowly(w, c, row);
  size_t n = (size_t)(end - p) - escapes;
  char *own = mill_arena_take(w->b->scratch, n), *to = own;
  if (own == NULL) {
    w->b->status = mill_oom(w->b->memory, n, w->b->err);
    return JSON_FAILED;
  }
  for (; q < end; q = json_text_end(p)) {
    memcpy(to, p, (size_t)(q - p));
    to += q - p;
    *to++ = escaped(q[1]);
    p = q + 2;
  }
  memcpy(to, p, (size_t)(q - p));
  *(mill_str *)place(c, row, sizeof(mill_str)) = mill_str_view(own, n);
  return good(w, c, row, end + 1);
}

static inline json_put put_string(json_walk *w, json_column *c, uint32_t row) {
  const char *p = w->p + 1, *q = json_text_end(p);
  if (*q == '\\') return put_escaped(w, c, row, q);
  if (q >= w->end || *q != '"') return put_slowly(w, c, row);
  *(mill_str *)place(c, row, sizeof(mill_str)) = mill_str_view_padded(p, (uint32_t)(q - p));
  return good(w, c, row, q + 1);
}

/* A date or time; q: behind the plain text at w->p; NULL: it is of another form. */
static inline const char *put_time(const json_walk *w, json_column *c, uint32_t row) {
  const mill_value_rules *r = &w->b->rules->values;
  const char *p = w->p + 1, *q = json_text_end(p);
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

/* Digits of a plain number, which is at w->p: *part of them behind a point. Where it ends; NULL: it is of another
** form. */
static inline __attribute__((always_inline)) const char *plain_number(const json_walk *w,
                                                                      bool fraction, uint64_t *v,
                                                                      size_t *part) {
  const char *from = w->p + (*w->p == '-');
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

static inline const char *put_integer(const json_walk *w, int64_t *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, false, &v, &part);
  *out = *w->p == '-' ? -(int64_t)v : (int64_t)v;
  return q;
}

static inline const char *put_double(const json_walk *w, double *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, true, &v, &part);
  if (q == NULL) return NULL;
  if (part == 0)
    *out = (double)(*w->p == '-' ? -(int64_t)v : (int64_t)v); /* "-0" is an integer's zero */
  else if (!mill_double_of(v, -(int)part, out))
    return NULL;
  else if (*w->p == '-')
    *out = -*out;
  return q;
}

static inline const char *put_decimal(const json_walk *w, const mill_type *t, int64_t *out) {
  uint64_t v;
  size_t part;
  const char *q = plain_number(w, true, &v, &part);
  bool fits = q && part && quick_decimal(w->p, (size_t)(q - w->p), t->scale, out) &&
              mill_decimal_fits(*out, t->precision);
  return fits ? q : NULL;
}

static json_put put_struct(json_walk *w, json_column *c, uint32_t row);
static json_put put_array(json_walk *w, json_column *c, uint32_t row);

/* The number or word at w->p; where it ends; NULL: it is of another form, or of a type that goes the long way. */
static inline const char *put_plain(const json_walk *w, json_column *c, uint32_t row) {
  int64_t v;
  const char *q = NULL;
  switch (c->type->id) {
  case MILL_BIGINT: return put_integer(w, place(c, row, sizeof v));
  case MILL_INT:
    q = put_integer(w, &v);
    *(int32_t *)place(c, row, sizeof(int32_t)) = (int32_t)v;
    return v == (int32_t)v ? q : NULL;
  case MILL_DOUBLE: return put_double(w, place(c, row, sizeof(double)));
  case MILL_DECIMAL:
    if (c->type->phys != MILL_PHYS_I64) return NULL;
    return put_decimal(w, c->type, place(c, row, sizeof v));
  case MILL_BOOLEAN:
    if (json_is_word(w, "true", 4)) q = w->p + 4;
    *(uint8_t *)place(c, row, 1) = q != NULL;
    return q || !json_is_word(w, "false", 5) ? q : w->p + 5;
  default: return NULL;
  }
}

/* By the type of the column, not by the text: what comes next in a record is known by then, so the ways of one
** record are those of the record before. */
static json_put put_value(json_walk *w, json_column *c, uint32_t row) {
  const char first = json_next_char(w), *q = NULL;
  if (first == 'n' && c->type->id != MILL_VARIANT && json_is_word(w, "null", 4)) {
    set_null(c, row); /* there may have been a member of that name before */
    w->p += 4;
    return JSON_GOOD;
  }
  switch (c->type->id) {
  case MILL_STRING: return first == '"' ? put_string(w, c, row) : put_slowly(w, c, row);
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ: q = first == '"' ? put_time(w, c, row) : NULL; break;
  case MILL_STRUCT:
    if (first == '{' && w->depth < JSON_QUICK_DEPTH) return put_struct(w, c, row);
    break;
  case MILL_ARRAY:
    if (first == '[' && w->depth < JSON_QUICK_DEPTH) return put_array(w, c, row);
    break;
  default: q = put_plain(w, c, row); break;
  }
  return q ? good(w, c, row, q) : put_slowly(w, c, row);
}

/* ---- what holds others ---------------------------------------------------------------------- */

static json_put put_array(json_walk *w, json_column *c, uint32_t row) {
  json_column *item = &c->child[0];
  uint32_t start = item->size;
  json_put all = JSON_GOOD;
  if (++w->depth > w->b->rules->max_depth) return JSON_BROKEN;
  w->p++;
  if (json_next_char(w) != ']') {
    for (;; w->p++) {
      if (!mill_json_add_item(w->b, item)) return JSON_FAILED;
      json_put one = put_value(w, item, item->size++);
      if (one >= JSON_BROKEN) return one;
      if (one > all) all = one;
      char next = json_next_char(w);
      if (next == ']') break;
      if (next != ',') return JSON_BROKEN;
    }
  }
  w->p++;
  w->depth--;
  ((mill_span *)c->vector.data)[row] = (mill_span){start, item->size - start};
  if (all != JSON_BAD)
    set_valid(c, row);
  else
    set_null(c, row);
  return all;
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

/* The member whose name stands at w->p, where a quote is; w->p moves behind its colon. False: not of the usual
** form. UINT32_MAX: no such member. */
static inline bool find_member(json_walk *w, json_column *c, uint32_t *guess, uint32_t *out) {
  const char *p = w->p + 1;
  size_t left = (size_t)(w->end - p);
  for (int i = 0; i < JSON_GUESSES; i++)
    if (guess[i] != UINT32_MAX && is_member(c, guess[i], p, left)) {
      *out = guess[i];
      w->p = p + c->name[guess[i]].size + 2;
      return true;
    }
  const char *q = json_text_end(p);
  if (q >= w->end || *q != '"') return false;
  *out = mill_json_member(c, p, (size_t)(q - p));
  w->p = q + 1;
  if (*out != UINT32_MAX && *out != guess[0]) {
    guess[1] = guess[0];
    guess[0] = *out;
  }
  if (json_next_char(w) != ':') return false;
  w->p++;
  return true;
}

/* Which member follows the one before it, guessed: records come in a few orders, which the one before that tells
** apart; the first names are told apart by their first characters. */
static inline uint32_t *guesses(const json_column *c, uint32_t before, uint32_t turn) {
  return c->after + ((size_t)before * JSON_TURNS + turn % JSON_TURNS) * JSON_GUESSES;
}

static json_put put_struct(json_walk *w, json_column *c, uint32_t row) {
  json_put all = JSON_GOOD;
  uint32_t before = c->type->nfields, at, turn;
  if (++w->depth > w->b->rules->max_depth) return JSON_BROKEN;
  w->p++;
  if (json_next_char(w) != '}') {
    turn = (unsigned char)w->p[1];
    for (;; w->p++) {
      if (json_next_char(w) != '"' || !find_member(w, c, guesses(c, before, turn), &at))
        return JSON_BROKEN;
      if (at == UINT32_MAX) {
        if (!mill_json_quick_value(w)) return JSON_BROKEN;
      } else {
        json_put one = put_value(w, &c->child[at], row);
        if (one >= JSON_BROKEN) return one;
        if (one != JSON_GOOD) all = JSON_PARTIAL;
        turn = before;
        before = at;
      }
      char next = json_next_char(w);
      if (next == '}') break;
      if (next != ',') return JSON_BROKEN;
    }
  }
  w->p++;
  w->depth--;
  set_valid(c, row);
  return all;
}

json_put mill_json_quick(json_builder *b, json_column *root, uint32_t row, const char *p,
                         size_t n) {
  json_walk w = {b, p, p + n, 0};
  return json_next_char(&w) == '{' ? put_struct(&w, root, row) : JSON_BROKEN;
}
