/* schema_of_variant, schema_of_variant_agg: the types that are in variants, merged.
**
** A shape is what is known of a value: its kind, of decimals the digits, of arrays the shape of the
** elements, of objects the members by name. Merging follows Spark's JsonInferSchema.compatibleType:
** numbers widen, members come together, what does not fit is VARIANT. The state of the aggregate
** travels as bytes:  kind | precision | scale | count | shapes, in objects each behind its name. */
#include "kernel/agg_int.h"
#include "kernel/variant_int.h"

typedef enum shape_kind {
  VOID_SHAPE,
  BOOLEAN,
  LONG,
  FLOAT,
  DOUBLE,
  DECIMAL,
  STRING,
  BINARY,
  DATE,
  TIMESTAMP,
  TIMESTAMP_NTZ,
  UUID,
  ARRAY,
  OBJECT,
  VARIANT,
} shape_kind;

typedef struct shape shape;
struct shape {
  shape_kind kind;
  uint8_t precision, scale;
  shape *child, *next; /* the element; members in the order of their names */
  const char *name;
  size_t name_size;
};

/* The names of a dictionary, the first of them, as they stand in front of types: made once while rows have it. */
enum { LABELS = 64, LABELS_SIZE = 4096 };
typedef struct labels {
  mill_variant of; /* without metadata: of none */
  mill_text text;
  uint32_t n, end[LABELS];
} labels;

/* A walk over one variant. Values that share bytes would make it endless: there are no more of them than
** bytes. */
typedef struct shaper {
  mill_arena *arena; /* of the shapes of this value */
  mill_arena *keep;  /* what is merged goes there as a copy; NULL: as it is */
  mill_error *err;
  const mill_variant *whole;
  const labels *labels;
  size_t left; /* values that may still come */
  int depth;
} shaper;

static mill_status new_shape(shaper *s, mill_arena *a, shape **out) {
  *out = mill_arena_take(a, sizeof **out);
  if (*out == NULL) return mill_oom(a->memory, sizeof **out, s->err);
  **out = (shape){.kind = VOID_SHAPE};
  return MILL_OK;
}

/* The parts of a shape, which a state is to keep. */
static mill_status keep_parts(shaper *s, shape *of) {
  shape **at = &of->child;
  for (const shape *m = of->child; s->keep && m; m = m->next) {
    MILL_TRY(new_shape(s, s->keep, at));
    **at = *m;
    if (m->name) (*at)->name = mill_arena_strndup(s->keep, m->name, m->name_size);
    if (m->name && (*at)->name == NULL) return mill_oom(s->keep->memory, m->name_size, s->err);
    MILL_TRY(keep_parts(s, *at));
    at = &(*at)->next;
  }
  return MILL_OK;
}

/* ---- merging -------------------------------------------------------------------------------- */

static mill_status merge(shaper *s, shape *to, shape *from);

static void become(shape *to, shape_kind kind) {
  *to = (shape){.kind = kind, .next = to->next, .name = to->name, .name_size = to->name_size};
}

static void merge_decimals(shape *to, const shape *from) {
  int scale = to->scale > from->scale ? to->scale : from->scale;
  int a = to->precision - to->scale, b = from->precision - from->scale, whole = a > b ? a : b;
  if (whole + scale > MILL_DECIMAL_MAX) {
    become(to, DOUBLE);
    return;
  }
  to->precision = (uint8_t)(whole + scale);
  to->scale = (uint8_t)scale;
}

static void merge_numbers(shape *to, const shape *from) {
  bool approximate =
      to->kind == FLOAT || to->kind == DOUBLE || from->kind == FLOAT || from->kind == DOUBLE;
  if (to->kind != DECIMAL && from->kind != DECIMAL) {
    become(to, to->kind > from->kind ? to->kind : from->kind);
  } else if (approximate) {
    become(to, DOUBLE);
  } else {
    shape whole = *from;
    if (to->kind == LONG) become(to, DECIMAL), to->precision = 20;
    if (from->kind == LONG) whole = (shape){.kind = DECIMAL, .precision = 20};
    merge_decimals(to, &whole);
  }
}

/* Both lists are in order. */
static mill_status merge_members(shaper *s, shape *to, shape *from) {
  shape **at = &to->child, *m = from->child;
  while (m) {
    int c = *at ? mill_variant_order((*at)->name, (*at)->name_size, m->name, m->name_size) : 1;
    shape *next = m->next;
    if (c == 0) MILL_TRY(merge(s, *at, m));
    if (c > 0) {
      shape one = {.child = m};
      m->next = NULL;
      MILL_TRY(keep_parts(s, &one));
      one.child->next = *at;
      *at = one.child;
    }
    if (c >= 0) m = next;
    at = &(*at)->next;
  }
  return MILL_OK;
}

static void merge_times(shape *to, const shape *from) {
  bool ntz = (to->kind == TIMESTAMP_NTZ || from->kind == TIMESTAMP_NTZ) && to->kind != TIMESTAMP &&
             from->kind != TIMESTAMP;
  become(to, ntz ? TIMESTAMP_NTZ : TIMESTAMP);
}

/* `from` is used up: its parts may become those of `to`. */
static mill_status merge(shaper *s, shape *to, shape *from) {
  bool numbers =
      to->kind >= LONG && to->kind <= DECIMAL && from->kind >= LONG && from->kind <= DECIMAL;
  bool times = to->kind >= DATE && to->kind <= TIMESTAMP_NTZ && from->kind >= DATE &&
               from->kind <= TIMESTAMP_NTZ;
  if (from->kind == VOID_SHAPE) return MILL_OK;
  if (to->kind == VOID_SHAPE) {
    shape *next = to->next;
    const char *name = to->name;
    size_t size = to->name_size;
    *to = *from;
    to->next = next, to->name = name, to->name_size = size;
    return keep_parts(s, to);
  } else if (numbers && (to->kind != from->kind || to->kind == DECIMAL)) {
    merge_numbers(to, from);
  } else if (to->kind == ARRAY && from->kind == ARRAY) {
    return merge(s, to->child, from->child);
  } else if (to->kind == OBJECT && from->kind == OBJECT) {
    return merge_members(s, to, from);
  } else if (to->kind != from->kind) {
    if (times)
      merge_times(to, from);
    else
      become(to, VARIANT);
  }
  return MILL_OK;
}

/* ---- of a value ----------------------------------------------------------------------------- */

static int digits_of(mill_i128 v) {
  int n = 1;
  while (n < MILL_DECIMAL_MAX && !mill_decimal_fits(v, n)) n++;
  return n;
}

static mill_status read_value(shaper *s, const mill_variant *v, mill_variant_item *x) {
  if (s->depth <= MILL_VARIANT_DEPTH && s->left && mill_variant_read(v, x) &&
      x->kind != MILL_VARIANT_UNKNOWN) {
    s->left--;
    return MILL_OK;
  }
  return mill_variant_fail(s->whole, s->err);
}

/* Is it an integer, as many values are? It counts as read then. */
static inline bool take_integer(shaper *s, const mill_variant *v) {
  int64_t ignored;
  if (s->depth > MILL_VARIANT_DEPTH || s->left == 0 || !mill_variant_integer(v, &ignored))
    return false;
  s->left--;
  return true;
}

/* Without its parts. */
static shape outline(const mill_variant_item *x) {
  static const shape_kind kinds[] = {
      [MILL_VARIANT_NULL] = VOID_SHAPE,
      [MILL_VARIANT_BOOLEAN] = BOOLEAN,
      [MILL_VARIANT_LONG] = LONG,
      [MILL_VARIANT_DOUBLE] = DOUBLE,
      [MILL_VARIANT_FLOAT] = FLOAT,
      [MILL_VARIANT_DECIMAL] = DECIMAL,
      [MILL_VARIANT_STRING] = STRING,
      [MILL_VARIANT_BINARY] = BINARY,
      [MILL_VARIANT_DATE] = DATE,
      [MILL_VARIANT_TIMESTAMP] = TIMESTAMP,
      [MILL_VARIANT_TIMESTAMP_NTZ] = TIMESTAMP_NTZ,
      [MILL_VARIANT_UUID] = UUID,
      [MILL_VARIANT_ARRAY] = ARRAY,
      [MILL_VARIANT_OBJECT] = OBJECT,
  };
  shape out = {.kind = kinds[x->kind]};
  if (x->kind == MILL_VARIANT_DECIMAL) {
    int n = digits_of(x->digits);
    out.precision = (uint8_t)(n > x->scale ? n : x->scale);
    out.scale = x->scale;
  }
  return out;
}

static mill_status shape_of(shaper *s, const mill_variant *v, shape *out);

static mill_status shape_elements(shaper *s, const mill_variant *v, const mill_variant_item *x,
                                  shape *to) {
  MILL_TRY(new_shape(s, s->arena, &to->child));
  for (uint32_t i = 0; i < x->count; i++) {
    mill_variant part;
    shape one;
    if (!mill_variant_element(v, x, i, &part)) return mill_variant_fail(s->whole, s->err);
    if (to->child->kind == LONG && take_integer(s, &part)) continue;
    MILL_TRY(shape_of(s, &part, &one));
    MILL_TRY(merge(s, to->child, &one));
  }
  return MILL_OK;
}

static mill_status shape_members(shaper *s, const mill_variant *v, const mill_variant_item *x,
                                 shape *to) {
  shape **tail = &to->child;
  for (uint32_t i = 0; i < x->count; i++) {
    mill_variant part;
    const char *name;
    size_t n;
    if (!mill_variant_member(v, x, i, &name, &n, &part)) return mill_variant_fail(s->whole, s->err);
    MILL_TRY(new_shape(s, s->arena, tail));
    MILL_TRY(shape_of(s, &part, *tail));
    (*tail)->name = name;
    (*tail)->name_size = n;
    tail = &(*tail)->next;
  }
  return MILL_OK;
}

static mill_status shape_item(shaper *s, const mill_variant *v, const mill_variant_item *x,
                              shape *out) {
  mill_status status = MILL_OK;
  *out = outline(x);
  s->depth++;
  if (out->kind == ARRAY) status = shape_elements(s, v, x, out);
  if (out->kind == OBJECT) status = shape_members(s, v, x, out);
  s->depth--;
  return status;
}

static mill_status shape_of(shaper *s, const mill_variant *v, shape *out) {
  mill_variant_item x;
  MILL_TRY(read_value(s, v, &x));
  return shape_item(s, v, &x, out);
}

static mill_status begin(shaper *s, const mill_variant *v) {
  s->whole = v;
  s->left = v->size;
  s->depth = 0;
  return mill_variant_headed(v) ? MILL_OK : mill_variant_fail(v, s->err);
}

/* ---- text ----------------------------------------------------------------------------------- */

/* A name in back-quotes unless it is a plain identifier. */
static mill_status put_name(const char *p, size_t n, mill_text *out, mill_error *err) {
  bool plain = n > 0 && (p[0] < '0' || p[0] > '9');
  for (size_t i = 0; i < n; i++) {
    char c = p[i];
    plain &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
  if (plain) {
    MILL_TRY(mill_text_add(out, p, n, err));
    return mill_text_add(out, ": ", 2, err);
  }
  MILL_TRY(mill_text_addc(out, '`', err));
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '`') MILL_TRY(mill_text_addc(out, '`', err));
    MILL_TRY(mill_text_addc(out, p[i], err));
  }
  return mill_text_add(out, "`: ", 3, err);
}

static mill_status put_shape(const shape *s, mill_text *out, mill_error *err) {
#define WORD(text)                                                                                 \
  { text, sizeof text - 1 }
  static const bytes words[] = {
      WORD("VOID"),          WORD("BOOLEAN"), WORD("BIGINT"), WORD("FLOAT"),   WORD("DOUBLE"),
      WORD("DECIMAL"),       WORD("STRING"),  WORD("BINARY"), WORD("DATE"),    WORD("TIMESTAMP"),
      WORD("TIMESTAMP_NTZ"), WORD("UUID"),    WORD("ARRAY<"), WORD("OBJECT<"), WORD("VARIANT")};
#undef WORD
  MILL_TRY(mill_text_add(out, words[s->kind].p, words[s->kind].n, err));
  if (s->kind == DECIMAL) return mill_text_printf(out, err, "(%d,%d)", s->precision, s->scale);
  if (s->kind != ARRAY && s->kind != OBJECT) return MILL_OK;
  for (const shape *m = s->child; m; m = m->next) {
    if (m != s->child) MILL_TRY(mill_text_adds(out, ", ", err));
    if (s->kind == OBJECT) MILL_TRY(put_name(m->name, m->name_size, out, err));
    MILL_TRY(put_shape(m, out, err));
  }
  return mill_text_addc(out, '>', err);
}

static mill_status make_labels(labels *l, const mill_variant *v, mill_error *err) {
  const char *name;
  size_t n;
  bool same = l->of.metadata && mill_variant_same_names(v, &l->of);
  l->of = *v;
  if (same) return MILL_OK;
  mill_text_reset(&l->text);
  for (l->n = 0; l->n < LABELS && l->text.size < LABELS_SIZE;
       l->end[l->n++] = (uint32_t)l->text.size) {
    if (!mill_variant_name_at(v, l->n, &name, &n) || n > LABELS_SIZE) break;
    MILL_TRY(put_name(name, n, &l->text, err));
  }
  return MILL_OK;
}

/* Is it an integer or a short text, as most are? It counts as read then; *word is its type. */
static inline bool take_small(shaper *s, const unsigned char *p, size_t n, const char **word) {
  if (s->depth > MILL_VARIANT_DEPTH || s->left == 0 || n == 0 || !mill_variant_small_bytes(p, n))
    return false;
  s->left--;
  *word = p[0] & 3 ? "STRING" : "BIGINT";
  return true;
}
enum { WORD_SIZE = 6 }; /* of both */

static mill_status put_value(shaper *s, const mill_variant *v, mill_text *out);

static mill_status put_labelled(shaper *s, const mill_variant *v, const mill_variant_small *x,
                                mill_text *out) {
  const labels *l = s->labels;
  const char *word;
  s->left--;
  MILL_TRY(mill_text_add(out, "OBJECT<", 7, s->err));
  s->depth++;
  for (uint32_t k = 0; k < x->count; k++) {
    size_t from = x->offsets[k], room = x->room - from;
    if (from >= x->room) return mill_variant_fail(s->whole, s->err);
    uint32_t id = x->ids[k], begin = id ? l->end[id - 1] : 0, size = l->end[id] - begin;
    MILL_TRY(mill_text_reserve(out, size + 2 + WORD_SIZE, s->err));
    char *w = out->data + out->size;
    if (k) memcpy(w, ", ", 2), w += 2;
    memcpy(w, l->text.data + begin, size);
    w += size;
    bool small = take_small(s, x->data + from, room, &word);
    if (small) memcpy(w, word, WORD_SIZE), w += WORD_SIZE;
    out->size = (size_t)(w - out->data);
    mill_variant part = {(const char *)x->data + from, v->metadata, room, v->metadata_size};
    if (!small) MILL_TRY(put_value(s, &part, out));
  }
  s->depth--;
  return mill_text_addc(out, '>', s->err);
}

/* May it be written so: is each of its names among the labels? */
static bool labelled(const shaper *s, const mill_variant *v, mill_variant_small *x) {
  if (s->depth > MILL_VARIANT_DEPTH || s->left == 0 || !mill_variant_small_read(v, true, x))
    return false;
  bool all = true;
  for (uint32_t k = 0; k < x->count; k++) all &= x->ids[k] < s->labels->n;
  return all;
}

/* An array of integers, or of short texts, alone. */
static bool uniform(shaper *s, const mill_variant *v, const char **word) {
  mill_variant_small x;
  if (s->depth >= MILL_VARIANT_DEPTH || !mill_variant_small_read(v, false, &x) || x.count == 0 ||
      s->left <= x.count)
    return false;
  shaper ahead = *s;
  const char *first = NULL;
  for (uint32_t k = 0; k < x.count; k++) {
    size_t from = x.offsets[k];
    if (from >= x.room || !take_small(&ahead, x.data + from, x.room - from, word)) return false;
    if (k == 0) first = *word;
    if (*word != first) return false;
  }
  s->left -= x.count + 1;
  return true;
}

/* The shape of a value as text, which members of objects join as they are read: only the elements of an array
** must be known before. */
static mill_status put_value(shaper *s, const mill_variant *v, mill_text *out) {
  mill_variant_item x;
  mill_variant_small few;
  shape one;
  const char *word;
  if (take_small(s, (const unsigned char *)v->value, v->size, &word))
    return mill_text_add(out, word, WORD_SIZE, s->err);
  if (labelled(s, v, &few)) return put_labelled(s, v, &few, out);
  if (uniform(s, v, &word)) {
    MILL_TRY(mill_text_add(out, "ARRAY<", 6, s->err));
    MILL_TRY(mill_text_add(out, word, WORD_SIZE, s->err));
    return mill_text_addc(out, '>', s->err);
  }
  MILL_TRY(read_value(s, v, &x));
  if (x.kind != MILL_VARIANT_OBJECT) {
    MILL_TRY(shape_item(s, v, &x, &one));
    return put_shape(&one, out, s->err);
  }
  MILL_TRY(mill_text_add(out, "OBJECT<", 7, s->err));
  s->depth++;
  for (uint32_t i = 0; i < x.count; i++) {
    mill_variant part;
    const char *name;
    size_t n;
    if (!mill_variant_member(v, &x, i, &name, &n, &part))
      return mill_variant_fail(s->whole, s->err);
    if (i) MILL_TRY(mill_text_add(out, ", ", 2, s->err));
    MILL_TRY(put_name(name, n, out, s->err));
    MILL_TRY(put_value(s, &part, out));
  }
  s->depth--;
  return mill_text_addc(out, '>', s->err);
}

/* Rows have one schema often: then it stands in memory once. */
static mill_status store_text(mill_call *call, mill_vector *out, size_t i, const mill_text *text,
                              mill_error *err) {
  mill_str *to = (mill_str *)out->data + i;
  bool same = i > 0 && mill_vector_valid(out, i - 1) && to[-1].size == text->size &&
              memcmp(mill_str_data(&to[-1]), text->data, text->size) == 0;
  if (!same) return put_text(call, out, i, text, err);
  *to = to[-1];
  return MILL_OK;
}

KERNEL_HEAD(k_schema) {
  mill_arena arena;
  mill_text text;
  labels names = {.n = 0};
  shaper s = {.arena = &arena, .labels = &names, .err = err};
  mill_status status = MILL_OK;
  mill_arena_init(&arena, call->ctx->memory);
  mill_text_init(&text, call->ctx->memory);
  mill_text_init(&names.text, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_valid_bit(out->valid, i)) continue;
    mill_variant one = mill_variant_at(args[0], i);
    mill_arena_reset(&arena);
    mill_text_reset(&text);
    status = begin(&s, &one);
    if (status == MILL_OK) status = make_labels(&names, &one, err);
    if (status == MILL_OK) status = put_value(&s, &one, &text);
    if (status == MILL_OK) status = store_text(call, out, i, &text, err);
  }
  mill_arena_clear(&arena);
  mill_text_clear(&text);
  mill_text_clear(&names.text);
  return status;
}

/* ---- the aggregate -------------------------------------------------------------------------- */

/* A row's shape is made in an arena of its own: states keep what they had not seen. */
static mill_status add_variant(shaper *s, const mill_variant *v, shape *to, mill_arena *keep) {
  shape one;
  mill_arena_reset(s->arena);
  s->keep = NULL;
  MILL_TRY(begin(s, v));
  MILL_TRY(shape_of(s, v, &one));
  s->keep = keep;
  return merge(s, to, &one);
}

AGG_UPDATE(schema_update) {
  mill_arena arena;
  shaper s = {.arena = &arena, .err = err};
  mill_status status = MILL_OK;
  if (args[0]->type->phys == MILL_PHYS_NONE) return MILL_OK;
  mill_arena_init(&arena, call->ctx->memory);
  AGG_ROWS(args[0], n, i) {
    mill_variant v = mill_variant_at(args[0], i);
    status = add_variant(&s, &v, states[i], call->arena);
    if (status != MILL_OK) break;
  }
  mill_arena_clear(&arena);
  return status;
}

static mill_status save_shape(const shape *s, mill_text *out, mill_error *err) {
  uint32_t count = 0;
  for (const shape *m = s->child; m; m = m->next) count++;
  char head[3] = {(char)s->kind, (char)s->precision, (char)s->scale};
  MILL_TRY(mill_text_add(out, head, sizeof head, err));
  MILL_TRY(mill_text_add(out, (const char *)&count, sizeof count, err));
  for (const shape *m = s->child; m; m = m->next) {
    uint32_t n = (uint32_t)m->name_size;
    MILL_TRY(mill_text_add(out, (const char *)&n, sizeof n, err));
    MILL_TRY(mill_text_add(out, m->name ? m->name : "", n, err));
    MILL_TRY(save_shape(m, out, err));
  }
  return MILL_OK;
}

static bool take(bytes *s, void *out, size_t n) {
  if (s->n < n) return false;
  memcpy(out, s->p, n);
  s->p += n, s->n -= n;
  return true;
}

static mill_status load_shape(shaper *s, bytes *from, shape *out) {
  unsigned char head[3] = {0};
  uint32_t count = 0, n = 0;
  bool good = take(from, head, sizeof head) && take(from, &count, sizeof count);
  *out = (shape){.kind = (shape_kind)head[0], .precision = head[1], .scale = head[2]};
  shape **tail = &out->child;
  for (uint32_t i = 0; good && i < count; i++) {
    good = take(from, &n, sizeof n) && n <= from->n;
    if (!good) break;
    const char *name = from->p;
    from->p += n, from->n -= n;
    MILL_TRY(new_shape(s, s->arena, tail));
    MILL_TRY(load_shape(s, from, *tail));
    (*tail)->name = name;
    (*tail)->name_size = n;
    tail = &(*tail)->next;
  }
  return good ? MILL_OK : mill_fail(s->err, MILL_E_MALFORMED_VARIANT, NULL);
}

AGG_MERGE(schema_merge) {
  mill_arena arena;
  shaper s = {.arena = &arena, .keep = call->arena, .err = err};
  mill_status status = MILL_OK;
  mill_arena_init(&arena, call->ctx->memory);
  for (size_t i = 0; i < n && status == MILL_OK; i++) {
    if (!mill_vector_valid(partial, i)) continue;
    shape one;
    bytes from = bytes_at(partial, mill_vector_at(partial, i));
    mill_arena_reset(&arena);
    status = load_shape(&s, &from, &one);
    if (status == MILL_OK) status = merge(&s, states[i], &one);
  }
  mill_arena_clear(&arena);
  return status;
}

static mill_status put_states(mill_call *call, void *const *states, size_t n, mill_vector *out,
                              mill_status (*put)(const shape *, mill_text *, mill_error *),
                              mill_error *err) {
  mill_text text;
  mill_status s = MILL_OK;
  mill_text_init(&text, call->ctx->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    mill_text_reset(&text);
    s = put(states[i], &text, err);
    if (s == MILL_OK) s = put_text(call, out, i, &text, err);
  }
  mill_text_clear(&text);
  return s;
}

AGG_OUTPUT(schema_save) { return put_states(call, states, n, out, save_shape, err); }
AGG_OUTPUT(schema_final) { return put_states(call, states, n, out, put_shape, err); }

static const mill_aggregate schema_aggregate = {.state_size = sizeof(shape),
                                                .update = schema_update,
                                                .merge = schema_merge,
                                                .save = schema_save,
                                                .final = schema_final,
                                                .exact = true,
                                                .common = true};

static mill_status bind_schema_agg(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!variant -> string", err));
  b->aggregate = &schema_aggregate;
  b->partial = mill_type_of(MILL_BINARY);
  b->nullable = false;
  return MILL_OK;
}

const mill_function mill_family_variant_schema[] = {
    {.name = "schema_of_variant",
     .types = "!variant -> string",
     .kernel = k_schema,
     .usage = "schema_of_variant(v)",
     .doc = "The type that is in a variant, as SQL writes it.",
     .example = "SELECT schema_of_variant(parse_json('[{\"b\":true,\"a\":0}]')) -> "
                "ARRAY<OBJECT<a: BIGINT, b: BOOLEAN>>"},
    {.name = "schema_of_variant_agg",
     .types = "!variant -> string",
     .kind = MILL_AGGREGATE,
     .bind = bind_schema_agg,
     .aggregate = &schema_aggregate,
     .usage = "schema_of_variant_agg(v)",
     .doc = "The type that all variants of the group have in common, as SQL writes it.",
     .example = "SELECT schema_of_variant_agg(parse_json('1')) -> BIGINT"},
    {0}};
