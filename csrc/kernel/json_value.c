/* Values of JSON into columns, by the rules of Spark's JacksonParser; see json_value.h.
**
** A member that does not fit its column leaves it null and makes its record malformed; what holds it
** (a struct) keeps its other members, a list or map is lost whole. Members are found where the same
** member of the record before was; else in a hash table. */
#include "base/hash.h"
#include "base/number.h"
#include "base/timezone.h"
#include "kernel/json_value.h"
#include "kernel/quick.h"

/* ---- tokens -------------------------------------------------------------------------------- */

static mill_status limit(mill_options o, const char *key, int64_t otherwise, int64_t *out,
                         mill_error *err) {
  MILL_TRY(mill_option_int(o, key, otherwise, out, err));
  if (*out >= 0) return MILL_OK;
  return mill_fail(err, MILL_E_INVALID_OPTION_VALUE, "paramName", key, "kind", "0 or more", "value",
                   mill_option_text(o, key), NULL);
}

mill_status mill_json_limits(mill_json_rules *p, mill_options o, mill_error *err) {
  MILL_TRY(limit(o, "maxNestingDepth", MILL_JSON_DEPTH, &p->max_depth, err));
  MILL_TRY(limit(o, "maxNumLen", MILL_JSON_NUMBER_LONG, &p->max_number, err));
  return limit(o, "maxStringLen", MILL_JSON_TEXT_LONG, &p->max_text, err);
}

bool mill_json_too_long(const mill_json_rules *p, const mill_json_reader *r, bool text) {
  int64_t n = 0;
  for (size_t i = 0; i < r->size; i++) {
    unsigned char c = (unsigned char)r->text[i];
    n += text ? (c & 0xc0) != 0x80 : c >= '0' && c <= '9';
  }
  return n > (text ? p->max_text : p->max_number);
}

bool mill_json_pass(const mill_json_rules *p, mill_json_reader *r, mill_json_token first) {
  if (first == MILL_JSON_ERROR) return false;
  if (first != MILL_JSON_OBJECT && first != MILL_JSON_ARRAY) return true;
  int outside = r->depth - 1;
  while (r->depth > outside)
    if (json_next(p, r) == MILL_JSON_ERROR) return false;
  return true;
}

/* ---- columns -------------------------------------------------------------------------------- */

static mill_status take(mill_arena *a, size_t n, size_t width, void *out, mill_error *err) {
  void *p = mill_arena_alloc(a, n * width + 1);
  memcpy(out, &p, sizeof p);
  return p ? MILL_OK : mill_oom(a->memory, n * width, err);
}

static void set_name(json_name *name, const char *text) {
  char word[sizeof name->word] = {0}, mask[sizeof word] = {0};
  name->size = (uint32_t)strlen(text);
  bool whole = name->size <= JSON_NAME_SHORT;
  size_t n = whole ? name->size : sizeof word;
  memcpy(word, text, n);
  memset(mask, 0xff, n + 2 * whole);
  if (whole) memcpy(word + n, "\":", 2);
  memcpy(name->word, word, sizeof word);
  memcpy(name->mask, mask, sizeof mask);
}

static mill_status name_members(json_column *c, mill_arena *a, mill_error *err) {
  uint32_t n = c->type->nfields;
  for (c->nslots = 4; c->nslots < 2 * n;) c->nslots *= 2;
  c->nguess = n + 16;
  size_t guesses = (size_t)(n + 1) * JSON_TURNS * JSON_GUESSES;
  MILL_TRY(take(a, n, sizeof *c->name, &c->name, err));
  MILL_TRY(take(a, c->nslots, sizeof(uint32_t), &c->slot, err));
  MILL_TRY(take(a, c->nguess, sizeof(uint32_t), &c->guess, err));
  memset(c->slot, 0xff, c->nslots * sizeof *c->slot);
  memset(c->guess, 0xff, c->nguess * sizeof *c->guess);
  MILL_TRY(take(a, guesses, sizeof *c->after, &c->after, err));
  memset(c->after, 0xff, guesses * sizeof *c->after);
  for (uint32_t i = 0; i < n; i++) {
    const char *name = c->type->fields[i].name;
    set_name(&c->name[i], name);
    c->lengths |= 1ull << (c->name[i].size & 63);
    uint64_t k = mill_hash_bytes(name, c->name[i].size);
    while (c->slot[k & (c->nslots - 1)] != UINT32_MAX) k++;
    c->slot[k & (c->nslots - 1)] = i;
  }
  return MILL_OK;
}

mill_status mill_json_column(json_column *c, const mill_type *t, uint32_t capacity, mill_arena *a,
                             mill_error *err) {
  *c = (json_column){.type = t, .capacity = capacity};
  c->vector = (mill_vector){.type = t, .mask = MILL_FLAT};
  bool list = t->phys == MILL_PHYS_LIST;
  MILL_TRY(take(a, capacity, t->width, &c->vector.data, err));
  MILL_TRY(take(a, (capacity + 63) / 64, sizeof(uint64_t), &c->vector.valid, err));
  MILL_TRY(take(a, t->nfields, sizeof *c->child, &c->child, err));
  MILL_TRY(take(a, t->nfields, sizeof *c->vector.child, &c->vector.child, err));
  for (uint32_t i = 0; i < t->nfields; i++)
    MILL_TRY(mill_json_column(&c->child[i], t->fields[i].type, list ? 64 : capacity, a, err));
  return t->phys == MILL_PHYS_STRUCT ? name_members(c, a, err) : MILL_OK;
}

static mill_status grow(json_column *c, uint32_t capacity, mill_arena *a, mill_error *err) {
  void *data;
  uint64_t *valid;
  MILL_TRY(take(a, capacity, c->type->width, &data, err));
  MILL_TRY(take(a, (capacity + 63) / 64, sizeof *valid, &valid, err));
  memcpy(data, c->vector.data, (size_t)c->capacity * c->type->width);
  memcpy(valid, c->vector.valid, (c->capacity + 63) / 64 * sizeof *valid);
  c->vector.data = data;
  c->vector.valid = valid;
  c->capacity = capacity;
  for (uint32_t i = 0; c->type->phys == MILL_PHYS_STRUCT && i < c->type->nfields; i++)
    MILL_TRY(grow(&c->child[i], capacity, a, err));
  return MILL_OK;
}

bool mill_json_add_item(json_builder *b, json_column *c) {
  if (c->size == UINT32_MAX / 2)
    b->status = mill_oom(b->memory, SIZE_MAX, b->err);
  else if (c->size == c->capacity)
    b->status = grow(c, 2 * c->capacity, b->arena, b->err);
  return b->status == MILL_OK;
}

void mill_json_reset(json_column *c, uint32_t n) {
  memset(c->vector.valid, 0, (n + 63) / 64 * sizeof(uint64_t));
  for (uint32_t i = 0; i < c->type->nfields; i++) {
    json_column *child = &c->child[i];
    mill_json_reset(child, c->type->phys == MILL_PHYS_LIST ? child->size : n);
    child->size = 0;
  }
}

void mill_json_vector(json_column *c) {
  for (uint32_t i = 0; i < c->type->nfields; i++) {
    mill_json_vector(&c->child[i]);
    c->vector.child[i] = c->child[i].vector;
    c->vector.child[i].size = c->child[i].size;
  }
}

static inline void set_valid(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] |= 1ull << (row & 63);
}
static inline void set_null(json_column *c, uint32_t row) {
  c->vector.valid[row >> 6] &= ~(1ull << (row & 63));
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* The text of the last token with its escapes resolved, where it has some. */
static bool token_text(json_builder *b, const char **p, size_t *n) {
  const mill_json_reader *r = b->reader;
  *p = r->text;
  *n = r->size;
  if (!r->escaped) return true;
  mill_text_reset(&b->text);
  b->status = mill_json_unescape(r->text, r->size, &b->text, b->err);
  if (b->status != MILL_OK) return false;
  *p = mill_arena_strndup(b->scratch, b->text.data ? b->text.data : "", b->text.size);
  *n = b->text.size;
  if (*p == NULL) b->status = mill_oom(b->memory, *n, b->err);
  return *p != NULL;
}

/* What a single pair of quotes or a comment keeps from being read again stays as it is. */
static json_put put_compact(json_builder *b, mill_str *out, const char *p, size_t n) {
  mill_json *j;
  mill_error ignored;
  mill_text text;
  mill_error_clear(&ignored);
  *out = mill_str_view(p, n);
  mill_status parsed = mill_json_parse(p, n, b->scratch, &j, &ignored);
  if (parsed != MILL_OK && parsed != MILL_E_OUT_OF_MEMORY) return JSON_GOOD;
  mill_text_init(&text, b->memory);
  b->status = parsed ? mill_oom(b->memory, n, b->err) : mill_json_write(j, &text, b->err);
  const char *own = b->status ? NULL : mill_arena_strndup(b->scratch, text.data, text.size);
  if (b->status == MILL_OK && own == NULL) b->status = mill_oom(b->memory, text.size, b->err);
  if (own) *out = mill_str_view(own, text.size);
  mill_text_clear(&text);
  return own ? JSON_GOOD : JSON_FAILED;
}

/* A value of any kind as its text: what stands in the file, unless it is a text itself. */
static json_put put_string(json_builder *b, mill_str *out, mill_json_token t) {
  mill_json_reader *r = b->reader;
  const char *p = r->p - 1;
  size_t n;
  if (t == MILL_JSON_OBJECT || t == MILL_JSON_ARRAY) {
    if (!mill_json_pass(b->rules, r, t)) return JSON_BROKEN;
    n = (size_t)(r->p - p);
    if (b->rules->compact) return put_compact(b, out, p, n);
  } else if (!token_text(b, &p, &n)) {
    return JSON_FAILED;
  } else if (b->rules->compact && t == MILL_JSON_NUMBER && /* NaN written anew: "NaN" */
             (p[n - 1] < '0' || p[n - 1] > '9')) {
    char *own = mill_arena_alloc(b->scratch, n + 2);
    if (own == NULL) b->status = mill_oom(b->memory, n, b->err);
    if (own == NULL) return JSON_FAILED;
    memcpy(own + 1, p, n);
    own[0] = own[n + 1] = '"';
    p = own;
    n += 2;
  }
  *out = mill_str_view(p, n);
  return JSON_GOOD;
}

static int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static json_put put_base64(json_builder *b, mill_str *out, const char *p, size_t n) {
  char *bytes = mill_arena_alloc(b->scratch, n + 1);
  size_t size = 0;
  unsigned bits = 0;
  int have = 0;
  if (bytes == NULL) {
    b->status = mill_oom(b->memory, n, b->err);
    return JSON_FAILED;
  }
  size_t pad = n % 4 == 0 && n && p[n - 1] == '=' ? 1 + (p[n - 2] == '=') : 0;
  for (size_t i = 0; i < n - pad; i++) {
    int d = base64_digit(p[i]);
    if (d < 0) return JSON_BAD;
    bits = bits << 6 | (unsigned)d;
    if ((have += 6) < 8) continue;
    have -= 8;
    bytes[size++] = (char)(bits >> have);
  }
  if (n % 4)
    return JSON_BROKEN; /* Jackson has read the quote behind it by then, and does not find on */
  *out = mill_str_view(bytes, size);
  return JSON_GOOD;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static json_put put_integer(const mill_json_reader *r, mill_type_id id, void *out) {
  int64_t v;
  if (!mill_value_digits(r->text, r->size, &v) &&
      mill_parse_int64(r->text, r->size, INT64_MIN, INT64_MAX, false, &v) != MILL_PARSED)
    return JSON_BAD;
  switch (id) {
  case MILL_TINYINT: /* Jackson takes unsigned bytes too */
    *(int8_t *)out = (int8_t)v;
    return v >= INT8_MIN && v <= UINT8_MAX ? JSON_GOOD : JSON_BAD;
  case MILL_SMALLINT: *(int16_t *)out = (int16_t)v; return v == (int16_t)v ? JSON_GOOD : JSON_BAD;
  case MILL_INT: *(int32_t *)out = (int32_t)v; return v == (int32_t)v ? JSON_GOOD : JSON_BAD;
  default: *(int64_t *)out = v; return JSON_GOOD;
  }
}

/* NaN, Infinity and INF, with a sign. */
static bool non_number(const char *s, size_t n, double *out) {
  static const char *const words[] = {"NaN",      "+INF", "+Infinity", "INF",
                                      "Infinity", "-INF", "-Infinity"};
  for (int i = 0; i < 7; i++)
    if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0) {
      *out = i == 0 ? __builtin_nan("") : i < 5 ? __builtin_inf() : -__builtin_inf();
      return true;
    }
  return false;
}

static json_put put_fraction(const json_builder *b, const mill_type *t, mill_json_token token,
                             void *out) {
  const mill_json_reader *r = b->reader;
  double v;
  bool text = token == MILL_JSON_TEXT;
  if (text && !(b->rules->options & MILL_JSON_NON_NUMBERS)) return JSON_BAD;
  if (!text && token != MILL_JSON_INTEGER && token != MILL_JSON_NUMBER) return JSON_BAD;
  if (non_number(r->text, r->size, &v)) {
    if (text && r->text[0] == 'I' && r->size == 3) return JSON_BAD; /* "INF" needs its sign */
    if (t->id == MILL_DOUBLE)
      *(double *)out = v;
    else
      *(float *)out = (float)v;
    return JSON_GOOD;
  }
  if (text) return JSON_BAD;
  int64_t whole; /* "-0" is an integer, and so is its zero */
  if (t->id == MILL_DOUBLE && token == MILL_JSON_INTEGER &&
      mill_value_digits(r->text, r->size, &whole)) {
    *(double *)out = (double)whole;
    return JSON_GOOD;
  }
  bool good = mill_value_parse(&b->rules->values, t, r->text, r->size, out);
  return good ? JSON_GOOD : JSON_BAD;
}

/* ---- atoms ---------------------------------------------------------------------------------- */

/* Seconds since 1970 are a TIMESTAMP too. */
static json_put put_seconds(const mill_json_reader *r, int64_t *out) {
  int64_t v;
  if (mill_parse_int64(r->text, r->size, INT64_MIN, INT64_MAX, false, &v) != MILL_PARSED ||
      __builtin_mul_overflow(v, 1000000, out))
    return JSON_BAD;
  return JSON_GOOD;
}

/* Types whose values are texts: dates, times, intervals, bytes; decimals may be. */
static json_put put_from_text(json_builder *b, const mill_type *t, void *out) {
  const char *p;
  size_t n;
  if (!token_text(b, &p, &n)) return JSON_FAILED;
  if (t->id == MILL_BINARY) return put_base64(b, out, p, n);
  if (n == 0) return JSON_BAD;
  if (mill_value_parse(&b->rules->values, t, p, n, out)) return JSON_GOOD;
  b->status = mill_value_check(&b->rules->values, b->err);
  return b->status == MILL_OK ? JSON_BAD : JSON_FAILED;
}

static json_put put_atom(json_builder *b, const mill_type *t, mill_json_token token, void *out) {
  bool text = token == MILL_JSON_TEXT, quick = t->phys == MILL_PHYS_I64;
  switch (t->id) {
  case MILL_STRING: return put_string(b, out, token);
  case MILL_BOOLEAN:
    *(uint8_t *)out = token == MILL_JSON_TRUE;
    return token == MILL_JSON_TRUE || token == MILL_JSON_FALSE ? JSON_GOOD : JSON_BAD;
  case MILL_TINYINT:
  case MILL_SMALLINT:
  case MILL_INT:
  case MILL_BIGINT:
    return token == MILL_JSON_INTEGER ? put_integer(b->reader, t->id, out) : JSON_BAD;
  case MILL_FLOAT:
  case MILL_DOUBLE: return put_fraction(b, t, token, out);
  case MILL_DECIMAL:
    if (quick && token == MILL_JSON_NUMBER &&
        quick_decimal(b->reader->text, b->reader->size, t->scale, out) &&
        mill_decimal_fits(*(int64_t *)out, t->precision))
      return JSON_GOOD;
    if (token == MILL_JSON_INTEGER || token == MILL_JSON_NUMBER)
      return mill_value_decimal(t, b->reader->text, b->reader->size, out) ? JSON_GOOD : JSON_BAD;
    return text ? put_from_text(b, t, out) : JSON_BAD;
  case MILL_TIMESTAMP:
    if (token == MILL_JSON_INTEGER) return put_seconds(b->reader, out);
    return text ? put_from_text(b, t, out) : JSON_BAD;
  default: return text ? put_from_text(b, t, out) : JSON_BAD;
  }
}

/* ---- variants ------------------------------------------------------------------------------- */

void mill_json_builder_clear(json_builder *b) {
  mill_text_clear(&b->text);
  if (b->variant == NULL) return;
  mill_variant_close(b->variant);
  mill_free(b->memory, b->variant, sizeof *b->variant);
  b->variant = NULL;
}

static bool keep_bytes(json_builder *b, const mill_text *t, void *out) {
  char *own = mill_arena_strndup(b->scratch, t->data, t->size);
  if (own) *(mill_str *)out = mill_str_view(own, t->size);
  return own != NULL;
}

static json_put failed(json_builder *b, mill_status status) {
  b->status = status;
  return JSON_FAILED;
}

/* A value of any kind as it is; one that no variant can hold is passed over. */
static json_put put_variant(json_builder *b, json_column *c, uint32_t row, mill_json_token t) {
  mill_json_reader before = *b->reader;
  bool good = true;
  if (b->variant == NULL) {
    b->variant = mill_alloc(b->memory, sizeof *b->variant);
    if (b->variant == NULL) return failed(b, mill_oom(b->memory, sizeof *b->variant, b->err));
    mill_variant_open(b->variant, b->memory);
  }
  mill_variant_reset(b->variant);
  mill_status s = mill_variant_put_json(b->variant, b->reader, t, &good, b->err);
  if (s == MILL_E_VARIANT_DUPLICATE_KEY || s == MILL_E_VARIANT_SIZE_LIMIT) {
    mill_error_clear(b->err);
    *b->reader = before;
    return mill_json_pass(b->rules, b->reader, t) ? JSON_BAD : JSON_BROKEN;
  }
  if (s != MILL_OK) return failed(b, s);
  if (!good) return JSON_BROKEN;
  mill_text_reset(&b->text);
  s = mill_variant_metadata(b->variant, &b->text, b->err);
  if (s != MILL_OK) return failed(b, s);
  if (!keep_bytes(b, &b->variant->out, (mill_str *)c->child[0].vector.data + row) ||
      !keep_bytes(b, &b->text, (mill_str *)c->child[1].vector.data + row))
    return failed(b, mill_oom(b->memory, b->text.size, b->err));
  set_valid(&c->child[0], row);
  set_valid(&c->child[1], row);
  set_valid(c, row);
  return JSON_GOOD;
}

/* ---- what holds others ---------------------------------------------------------------------- */

uint32_t mill_json_member(const json_column *c, const char *p, size_t n) {
  const mill_field *f = c->type->fields;
  uint32_t at;
  if (!(c->lengths >> (n & 63) & 1)) return UINT32_MAX;
  for (uint64_t h = mill_hash_bytes(p, n); (at = c->slot[h & (c->nslots - 1)]) != UINT32_MAX; h++)
    if (c->name[at].size == n && memcmp(f[at].name, p, n) == 0) break;
  return at;
}

/* The member of that name; UINT32_MAX: none. k: the how manieth of its object. */
static uint32_t find_member(json_builder *b, json_column *c, uint32_t k) {
  const mill_json_reader *r = b->reader;
  const char *p = r->text;
  size_t n = r->size;
  const mill_field *f = c->type->fields;
  uint32_t guess = k < c->nguess ? c->guess[k] : UINT32_MAX;
  if (r->escaped && !token_text(b, &p, &n)) return UINT32_MAX;
  if (guess != UINT32_MAX && c->name[guess].size == n && memcmp(f[guess].name, p, n) == 0)
    return guess;
  uint32_t at = mill_json_member(c, p, n);
  if (k < c->nguess) c->guess[k] = at;
  return at;
}

/* Behind a value that was lost the reader stands inside of it. As Jackson's tokens come, Spark takes the rest of them
** for the record's: members by their names, and the first object's end for its end. False: the end. */
static bool next_stray(json_builder *b, mill_json_token *t) {
  while (*t != MILL_JSON_NAME && *t != MILL_JSON_OBJECT_END && *t != MILL_JSON_ERROR) {
    if (*t != MILL_JSON_ARRAY_END && !mill_json_pass(b->rules, b->reader, *t)) return false;
    *t = json_next(b->rules, b->reader);
  }
  return *t == MILL_JSON_NAME;
}

static json_put put_members(json_builder *b, json_column *c, uint32_t row) {
  bool lost = false;
  json_put all = JSON_GOOD;
  for (uint32_t k = 0;; k++) {
    mill_json_token t = json_next(b->rules, b->reader);
    if (lost && !next_stray(b, &t)) break;
    if (t == MILL_JSON_OBJECT_END) break;
    if (t != MILL_JSON_NAME) return JSON_BROKEN;
    uint32_t at = find_member(b, c, k);
    if (b->status != MILL_OK) return JSON_FAILED;
    t = json_next(b->rules, b->reader);
    if (at == UINT32_MAX) {
      if (!mill_json_pass(b->rules, b->reader, t)) return JSON_BROKEN;
      continue;
    }
    json_put one = mill_json_take(b, &c->child[at], row, t);
    if (one >= JSON_BROKEN) return one;
    if (one != JSON_GOOD && b->rules->whole && b->level > 1) return JSON_LOST;
    if (one != JSON_GOOD) all = JSON_PARTIAL;
    lost |= one == JSON_LOST;
  }
  set_valid(c, row);
  return all;
}

static json_put put_struct(json_builder *b, json_column *c, uint32_t row) {
  b->level++;
  json_put all = put_members(b, c, row);
  b->level--;
  return all;
}

static json_put put_items(json_builder *b, json_column *c, uint32_t row) {
  bool map = c->type->id == MILL_MAP;
  json_column *first = &c->child[0], *value = &c->child[map];
  uint32_t start = first->size;
  json_put all = JSON_GOOD;
  for (;;) {
    mill_json_token t = json_next(b->rules, b->reader);
    if (t == MILL_JSON_ARRAY_END || t == MILL_JSON_OBJECT_END) break;
    if (!mill_json_add_item(b, first) || !mill_json_add_item(b, value)) return JSON_FAILED;
    uint32_t at = first->size++;
    if (map) {
      value->size++;
      if (t != MILL_JSON_NAME) return JSON_BROKEN;
      if (put_string(b, (mill_str *)first->vector.data + at, t) != JSON_GOOD) return JSON_FAILED;
      set_valid(first, at);
      t = json_next(b->rules, b->reader);
    }
    json_put one = mill_json_take(b, value, at, t);
    if (one >= JSON_BROKEN) return one;
    if (one != JSON_GOOD && b->rules->whole) return JSON_LOST;
    if (one > all) all = one;
  }
  ((mill_span *)c->vector.data)[row] = (mill_span){start, first->size - start};
  if (all != JSON_BAD) set_valid(c, row);
  return all;
}

static json_put put_list(json_builder *b, json_column *c, uint32_t row) {
  b->level++;
  json_put all = put_items(b, c, row);
  b->level--;
  return all;
}

json_put mill_json_take(json_builder *b, json_column *c, uint32_t row, mill_json_token t) {
  mill_phys phys = c->type->phys;
  set_null(c, row);
  if (t == MILL_JSON_ERROR) return JSON_BROKEN;
  if (c->type->id == MILL_VARIANT) return put_variant(b, c, row, t);
  if (t == MILL_JSON_NULL) return JSON_GOOD;
  if (phys == MILL_PHYS_STRUCT && t == MILL_JSON_OBJECT) return put_struct(b, c, row);
  if (phys == MILL_PHYS_LIST && t == (c->type->id == MILL_MAP ? MILL_JSON_OBJECT : MILL_JSON_ARRAY))
    return put_list(b, c, row);
  if (phys == MILL_PHYS_NONE)
    return mill_json_pass(b->rules, b->reader, t) ? JSON_GOOD : JSON_BROKEN;
  bool nested = phys == MILL_PHYS_STRUCT || phys == MILL_PHYS_LIST;
  json_put one =
      nested ? JSON_BAD
             : put_atom(b, c->type, t, (char *)c->vector.data + (size_t)row * c->type->width);
  if (one == JSON_GOOD) set_valid(c, row);
  if (one == JSON_BAD && !mill_json_pass(b->rules, b->reader, t)) return JSON_BROKEN;
  return one;
}
