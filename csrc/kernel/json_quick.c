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

/* The plain text [p, q) as a value of the column's type. */
static inline bool put_text(const json_walk *w, json_column *c, uint32_t row, const char *p,
                            const char *q) {
  const mill_value_rules *r = &w->b->rules->values;
  void *out = (char *)c->vector.data + (size_t)row * c->type->width;
  size_t n = (size_t)(q - p);
  switch (c->type->id) {
  case MILL_STRING: *(mill_str *)out = mill_str_view_padded(p, (uint32_t)n); return true;
  case MILL_DATE: return n == 10 && !r->date_pattern && quick_date(p, out);
  case MILL_TIMESTAMP:
    return !r->timestamp_pattern && quick_timestamp(p, n, out) &&
           mill_zone_to_utc(r->timestamp.zone, *(int64_t *)out, out);
  case MILL_TIMESTAMP_NTZ: return !r->ntz_pattern && quick_timestamp(p, n, out);
  default: return false;
  }
}

/* The plain number at w->p as a value of the column's type; false: w->p stays. */
static inline bool put_number(json_walk *w, json_column *c, uint32_t row) {
  const char *p = w->p, *from = p + (*p == '-');
  void *out = (char *)c->vector.data + (size_t)row * c->type->width;
  uint64_t v = 0;
  size_t whole = quick_run(from, (size_t)(w->end - from), &v), part = 0;
  const char *q = from + whole;
  if (whole == 0 || whole > 15 || (*from == '0' && whole > 1) || w->b->rules->max_number < 64)
    return false;
  if (q < w->end && *q == '.') {
    if (c->type->id != MILL_DOUBLE && c->type->id != MILL_DECIMAL) return false;
    const char *digits = q + 1;
    part = quick_run(digits, (size_t)(w->end - digits), &v);
    q = digits + part;
    size_t room = 19 - whole + (*from == '0');
    for (; q < w->end && *q >= '0' && *q <= '9' && part < room; q++, part++)
      v = v * 10 + (uint64_t)(*q - '0');
    if (part == 0 || part > room) return false;
  }
  if (q < w->end && !json_ends_value(*q)) return false;
  int64_t signed_ = *p == '-' ? -(int64_t)v : (int64_t)v;
  bool good = false;
  switch (c->type->id) {
  case MILL_BIGINT:
    *(int64_t *)out = signed_;
    good = true;
    break;
  case MILL_INT:
    *(int32_t *)out = (int32_t)signed_;
    good = signed_ == (int32_t)signed_;
    break;
  case MILL_DOUBLE:
    if (part == 0) {
      *(double *)out = (double)signed_;
      good = true;
    } else if (mill_double_of(v, -(int)part, out)) {
      if (*p == '-') *(double *)out = -*(double *)out;
      good = true;
    }
    break;
  case MILL_DECIMAL:
    good = part && c->type->phys == MILL_PHYS_I64 &&
           quick_decimal(p, (size_t)(q - p), c->type->scale, out) &&
           mill_decimal_fits(*(int64_t *)out, c->type->precision);
    break;
  default: break;
  }
  if (good) w->p = q;
  return good;
}

static json_put put_struct(json_walk *w, json_column *c, uint32_t row);
static json_put put_array(json_walk *w, json_column *c, uint32_t row);

static inline json_put good(json_walk *w, json_column *c, uint32_t row, const char *behind) {
  set_valid(c, row);
  w->p = behind;
  return JSON_GOOD;
}

static json_put put_value(json_walk *w, json_column *c, uint32_t row) {
  char first = json_next_char(w);
  set_null(c, row);
  if (c->type->id == MILL_VARIANT) return put_slowly(w, c, row);
  if (first == '"') {
    const char *p = w->p + 1, *q = json_text_end(p);
    if (q < w->end && *q == '"' && put_text(w, c, row, p, q)) return good(w, c, row, q + 1);
  } else if (first == '-' || (first >= '0' && first <= '9')) {
    if (put_number(w, c, row)) return good(w, c, row, w->p);
  } else if (first == '{') {
    if (c->type->phys == MILL_PHYS_STRUCT && w->depth < JSON_QUICK_DEPTH)
      return put_struct(w, c, row);
  } else if (first == '[') {
    if (c->type->id == MILL_ARRAY && w->depth < JSON_QUICK_DEPTH) return put_array(w, c, row);
  } else if (first == 'n' && json_is_word(w, "null", 4)) {
    w->p += 4;
    return JSON_GOOD;
  } else if (c->type->id == MILL_BOOLEAN) {
    bool yes = first == 't';
    size_t n = yes ? 4 : 5;
    *((uint8_t *)c->vector.data + row) = yes;
    if (json_is_word(w, yes ? "true" : "false", n)) return good(w, c, row, w->p + n);
  }
  return put_slowly(w, c, row);
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
  if (all != JSON_BAD) set_valid(c, row);
  return all;
}

/* Does the name at p, behind its quote, equal that of member `at`? */
static inline bool is_member(const json_column *c, uint32_t at, const char *p) {
  uint32_t n = c->name_size[at];
  const char *name = c->type->fields[at].name;
  if (p[n] != '"') return false;
  if (n > 8) return memcmp(p, name, n) == 0;
  uint64_t x = quick_load(p) ^ c->name_word[at];
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return n == 8 ? x == 0 : (x & ((1ull << (8 * n)) - 1)) == 0;
#else
  return n == 8 ? x == 0 : n == 0 || x >> (64 - 8 * n) == 0;
#endif
}

/* The member whose name stands at w->p, where a quote is; w->p moves behind its colon. `before`: the
** member before it, nfields: none. False: not of the usual form. UINT32_MAX: no such member. */
static inline bool find_member(json_walk *w, json_column *c, uint32_t before, uint32_t *out) {
  const char *p = w->p + 1;
  uint32_t *guess = &c->after[2 * before], at = UINT32_MAX;
  size_t left = (size_t)(w->end - p);
  for (int i = 0; i < 2 && at == UINT32_MAX; i++)
    if (guess[i] != UINT32_MAX && c->name_size[guess[i]] < left && is_member(c, guess[i], p))
      at = guess[i];
  if (at != UINT32_MAX) {
    w->p = p + c->name_size[at] + 1;
  } else {
    const char *q = json_text_end(p);
    if (q >= w->end || *q != '"') return false;
    at = mill_json_member(c, p, (size_t)(q - p));
    w->p = q + 1;
    if (at != UINT32_MAX) {
      guess[1] = guess[0];
      guess[0] = at;
    }
  }
  if (json_next_char(w) != ':') return false;
  w->p++;
  *out = at;
  return true;
}

static json_put put_struct(json_walk *w, json_column *c, uint32_t row) {
  json_put all = JSON_GOOD;
  uint32_t before = c->type->nfields, at;
  if (++w->depth > w->b->rules->max_depth) return JSON_BROKEN;
  w->p++;
  if (json_next_char(w) != '}') {
    for (;; w->p++) {
      if (json_next_char(w) != '"' || !find_member(w, c, before, &at)) return JSON_BROKEN;
      if (at == UINT32_MAX) {
        if (!mill_json_quick_value(w)) return JSON_BROKEN;
      } else {
        json_put one = put_value(w, &c->child[at], row);
        if (one >= JSON_BROKEN) return one;
        if (one != JSON_GOOD) all = JSON_PARTIAL;
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
