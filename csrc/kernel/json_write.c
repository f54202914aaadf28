/* Values as JSON; see json_write.h. */
#include "kernel/json_write.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "base/utf8.h"
#include "kernel/plain_copy.h"
#include "kernel/variant_int.h"

enum { JSON_DEPTH = 1000 };

static mill_status put(mill_json_writer *j, const char *s, size_t n) {
  return mill_text_add(j->out, s, n, j->err);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static mill_status put_unit(mill_json_writer *j, unsigned unit) {
  char buf[8];
  return put(j, buf, (size_t)snprintf(buf, sizeof buf, "\\u%04X", unit));
}

static mill_status put_escaped(mill_json_writer *j, unsigned char c) {
  static const char letters[] = "\b\f\n\r\t\"\\", names[] = "bfnrt\"\\";
  const char *at = c ? strchr(letters, c) : NULL;
  if (at == NULL) return put_unit(j, c);
  char two[2] = {'\\', names[at - letters]};
  return put(j, two, 2);
}

static mill_status put_code(mill_json_writer *j, const char *p, size_t n, int *used) {
  int32_t c = mill_utf8_decode(p, n, used);
  if (c < 0x10000) return put_unit(j, (unsigned)c);
  MILL_TRY(put_unit(j, 0xd800 + ((unsigned)(c - 0x10000) >> 10)));
  return put_unit(j, 0xdc00 + ((unsigned)(c - 0x10000) & 0x3ff));
}

static mill_status put_quoted(mill_json_writer *j, const char *p, size_t n) {
  const char *end = p + n, *start = p;
  bool ascii = j->style->ascii;
  MILL_TRY(mill_text_reserve(j->out, n + 2, j->err));
  if (mill_json_plain(p, end, ascii) == end) { /* as nearly all are */
    char *to = j->out->data + j->out->size;
    *to = '"';
    if (n) memcpy(to + 1, p, n);
    memcpy(to + n + 1, "\"", 2);
    j->out->size += n + 2;
    return MILL_OK;
  }
  MILL_TRY(put(j, "\"", 1));
  while ((p = mill_json_plain(p, end, ascii)) < end) {
    unsigned char c = (unsigned char)*p;
    int used = 1;
    MILL_TRY(put(j, start, (size_t)(p - start)));
    MILL_TRY(c >= 128 ? put_code(j, p, (size_t)(end - p), &used) : put_escaped(j, c));
    start = p += used;
  }
  MILL_TRY(put(j, start, (size_t)(p - start)));
  return put(j, "\"", 1);
}

static uint64_t needs_care(uint64_t x) {
  return plain_has(x, '"') | plain_has(x, '\\') | plain_has_below(x, ' ') | plain_has_wide(x);
}

/* A text of plain ASCII, as most are, needs one look; false: it is none. */
static inline bool put_plain(mill_json_writer *j, const char *p, size_t n) {
  char *to = j->out->data + j->out->size;
  *to = '"';
  if (!plain_copy(to + 1, p, n, needs_care)) return false;
  memcpy(to + n + 1, "\"", 2);
  j->out->size += n + 2;
  return true;
}

static mill_status put_base64(mill_json_writer *j, const mill_str *s) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *p = (const unsigned char *)mill_str_data(s);
  MILL_TRY(put(j, "\"", 1));
  for (size_t i = 0; i < s->size; i += 3) {
    size_t left = s->size - i;
    unsigned v =
        (unsigned)p[i] << 16 | (left > 1 ? p[i + 1] : 0u) << 8 | (left > 2 ? p[i + 2] : 0u);
    char four[4] = {digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
                    left > 2 ? digits[v & 63] : '='};
    MILL_TRY(put(j, four, 4));
  }
  return put(j, "\"", 1);
}

/* ---- layout --------------------------------------------------------------------------------- */

/* A new line of the pretty form. */
static mill_status indent(mill_json_writer *j) {
  if (!j->style->pretty) return MILL_OK;
  MILL_TRY(put(j, "\n", 1));
  for (int i = 0; i < j->depth; i++) MILL_TRY(put(j, "  ", 2));
  return MILL_OK;
}

static mill_status open_with(mill_json_writer *j, const char *bracket) {
  if (++j->depth > JSON_DEPTH)
    return mill_fail(j->err, MILL_E_INTERNAL_ERROR, "message",
                     "a value nests deeper than 1,000 levels", NULL);
  return put(j, bracket, 1);
}

static mill_status close_with(mill_json_writer *j, const char *bracket, bool empty, bool members) {
  j->depth--;
  if (j->style->pretty && (empty || !members)) MILL_TRY(put(j, " ", 1));
  if (!empty && members) MILL_TRY(indent(j));
  return put(j, bracket, 1);
}

static mill_status next_member(mill_json_writer *j, bool first) {
  if (!first) MILL_TRY(put(j, ",", 1));
  return indent(j);
}

static mill_status put_name(mill_json_writer *j, const char *name, size_t n) {
  MILL_TRY(put_quoted(j, name, n));
  return j->style->pretty ? put(j, " : ", 3) : put(j, ":", 1);
}

/* Quoting is done with a writer's own text, which is reset. */
static mill_status find_names(mill_json_writer *j, const mill_type *t, mill_arena *a,
                              mill_json_names *out) {
  if (t->nfields == 0) return MILL_OK;
  out->part = mill_arena_alloc(a, t->nfields * sizeof *out->part);
  if (out->part == NULL) return mill_oom(a->memory, t->nfields * sizeof *out->part, j->err);
  for (uint32_t i = 0; i < t->nfields; i++) {
    mill_json_names *part = &out->part[i];
    const char *name = t->fields[i].name;
    if (name) {
      mill_text_reset(j->out);
      MILL_TRY(put_name(j, name, strlen(name)));
      part->size = j->out->size;
      char *text = mill_arena_alloc(a, part->size + PLAIN_COPY_ROOM);
      if (text == NULL) return mill_oom(a->memory, part->size, j->err);
      memcpy(text, j->out->data, part->size);
      part->text = text;
    }
    MILL_TRY(find_names(j, t->fields[i].type, a, part));
  }
  return MILL_OK;
}

mill_status mill_json_style_names(mill_json_style *style, const mill_type *t, mill_arena *a,
                                  mill_error *err) {
  mill_text text;
  mill_text_init(&text, a->memory);
  mill_json_writer j = {.style = style, .out = &text, .err = err};
  mill_status status = find_names(&j, t, a, &style->names);
  mill_text_clear(&text);
  return status;
}

/* ---- values --------------------------------------------------------------------------------- */

/* The field to write behind `last`; by name where keys are sorted. */
static uint32_t next_field(const mill_json_writer *j, const mill_type *t, uint32_t last) {
  uint32_t next = UINT32_MAX;
  if (!j->style->sort_keys) return last + 1;
  for (uint32_t i = 0; i < t->nfields; i++) {
    int behind = last == UINT32_MAX ? 1 : strcmp(t->fields[i].name, t->fields[last].name);
    if (behind < 0 || (behind == 0 && i <= last)) continue;
    if (next == UINT32_MAX || strcmp(t->fields[i].name, t->fields[next].name) < 0) next = i;
  }
  return next;
}

typedef mill_json_names names;

static mill_status put_value(mill_json_writer *j, const names *x, const mill_vector *v, size_t i);

/* The members in their order, one right behind the other. */
static mill_status put_members(mill_json_writer *j, const names *x, const mill_vector *child,
                               const mill_type *t, uint32_t k) {
  char before = '{';
  if (++j->depth > JSON_DEPTH) return open_with(j, "{");
  for (uint32_t i = 0; i < t->nfields; i++) {
    const mill_vector *v = &child[i];
    const names *part = &x->part[i];
    bool null = v->type->id == MILL_NULL || !mill_vector_valid(v, k);
    if (null && j->style->ignore_nulls) continue;
    MILL_TRY(mill_text_reserve(j->out, 1 + part->size + PLAIN_COPY_ROOM + MILL_INT_TEXT, j->err));
    char *to = j->out->data + j->out->size;
    *to++ = before;
    to = plain_put(to, part->text, part->size);
    before = ',';
    if (!null && v->type->id == MILL_BIGINT)
      to += mill_int_text(((const int64_t *)v->data)[mill_vector_at(v, k)], to);
    j->out->size = (size_t)(to - j->out->data);
    if (null || v->type->id != MILL_BIGINT) MILL_TRY(put_value(j, part, v, k));
  }
  j->depth--;
  if (before == '{') MILL_TRY(put(j, "{", 1));
  return put(j, "}", 1);
}

static mill_status put_object(mill_json_writer *j, const names *x, const mill_vector *child,
                              const mill_type *t, uint32_t k) {
  bool first = true;
  if (!j->style->pretty && !j->style->sort_keys) return put_members(j, x, child, t, k);
  MILL_TRY(open_with(j, "{"));
  for (uint32_t i = UINT32_MAX; (i = next_field(j, t, i)) < t->nfields;) {
    bool null = t->fields[i].type->id == MILL_NULL || !mill_vector_valid(&child[i], k);
    if (null && j->style->ignore_nulls) continue;
    MILL_TRY(next_member(j, first));
    MILL_TRY(put(j, x->part[i].text, x->part[i].size));
    MILL_TRY(put_value(j, &x->part[i], &child[i], k));
    first = false;
  }
  return close_with(j, "}", first, true);
}

static mill_status put_array(mill_json_writer *j, const names *x, const mill_vector *v,
                             mill_span s) {
  MILL_TRY(open_with(j, "["));
  for (uint32_t i = 0; i < s.size; i++) {
    MILL_TRY(put(j,
                 i == 0             ? " "
                 : j->style->pretty ? ", "
                                    : ",",
                 j->style->pretty ? (i ? 2 : 1) : (i != 0)));
    MILL_TRY(put_value(j, &x->part[0], &v->child[0], s.start + i));
  }
  return close_with(j, "]", s.size == 0, false);
}

static mill_status key_text(mill_json_writer *j, const mill_vector *v, uint32_t k, mill_text *t);

static mill_status struct_key(mill_json_writer *j, const mill_vector *v, uint32_t k, mill_text *t) {
  MILL_TRY(mill_text_addc(t, '[', j->err));
  for (uint32_t i = 0; i < v->type->nfields; i++) {
    const mill_vector *c = &v->child[i];
    if (i) MILL_TRY(mill_text_addc(t, ',', j->err));
    MILL_TRY(mill_vector_valid(c, k) ? key_text(j, c, mill_vector_at(c, k), t)
                                     : mill_text_adds(t, "null", j->err));
  }
  return mill_text_addc(t, ']', j->err);
}

/* Keys are what is stored: days, microseconds, months. */
static mill_status key_text(mill_json_writer *j, const mill_vector *v, uint32_t k, mill_text *t) {
  mill_vector plain = *v;
  if (v->type->id == MILL_STRUCT) return struct_key(j, v, k, t);
  if (v->type->id == MILL_DATE || v->type->id == MILL_INTERVAL_YM)
    plain.type = mill_type_of(MILL_INT);
  else if (v->type->phys == MILL_PHYS_I64 && v->type->id != MILL_DECIMAL)
    plain.type = mill_type_of(MILL_BIGINT);
  return mill_value_put(j->texts, &plain, k, t, j->err);
}

/* A map's keys as texts, the entries in the order in which they are written. */
typedef struct map_key {
  size_t at, size; /* in the texts of all */
  const mill_text *all;
  uint32_t entry;
} map_key;

static int by_text(const void *a, const void *b) {
  const map_key *x = a, *y = b;
  size_t n = x->size < y->size ? x->size : y->size;
  int c = n ? memcmp(x->all->data + x->at, y->all->data + y->at, n) : 0;
  return c ? c : (x->size > y->size) - (x->size < y->size);
}

static mill_status put_entries(mill_json_writer *j, const names *x, const mill_vector *v,
                               mill_span s, map_key *key, mill_text *all) {
  const mill_vector *keys = &v->child[0];
  for (uint32_t i = 0; i < s.size; i++) {
    key[i] = (map_key){all->size, 0, all, s.start + i};
    MILL_TRY(key_text(j, keys, mill_vector_at(keys, s.start + i), all));
    key[i].size = all->size - key[i].at;
  }
  if (j->style->sort_keys && s.size > 1) qsort(key, s.size, sizeof *key, by_text);
  MILL_TRY(open_with(j, "{"));
  for (uint32_t i = 0; i < s.size; i++) {
    MILL_TRY(next_member(j, i == 0));
    MILL_TRY(put_name(j, all->data ? all->data + key[i].at : "", key[i].size));
    MILL_TRY(put_value(j, &x->part[1], &v->child[1], key[i].entry));
  }
  return close_with(j, "}", s.size == 0, true);
}

static mill_status put_map(mill_json_writer *j, const names *x, const mill_vector *v, mill_span s) {
  mill_memory *m = j->out->memory;
  size_t room = (s.size + 1) * sizeof(map_key);
  map_key *key = mill_alloc(m, room);
  mill_text all;
  if (key == NULL) return mill_oom(m, room, j->err);
  mill_text_init(&all, m);
  mill_status status = put_entries(j, x, v, s, key, &all);
  mill_text_clear(&all);
  mill_free(m, key, room);
  return status;
}

static mill_status put_string(mill_json_writer *j, const mill_str *s) {
  const char *p = mill_str_data(s);
  MILL_TRY(mill_text_reserve(j->out, s->size + 2 + PLAIN_COPY_ROOM, j->err));
  if (put_plain(j, p, s->size)) return MILL_OK;
  if (mill_utf8_valid(p, s->size)) return put_quoted(j, p, s->size);
  mill_text_reset(j->scratch);
  MILL_TRY(mill_utf8_repair(p, s->size, j->scratch, j->err));
  return put_quoted(j, j->scratch->data, j->scratch->size);
}

static mill_status put_variant(mill_json_writer *j, const mill_vector *v, size_t i) {
  mill_variant one = mill_variant_at(v, i);
  const mill_zone *zone = j->texts->settings.zone;
  return mill_variant_json(&one, zone ? zone : mill_zone_utc(), j->out, j->err);
}

static bool is_text(const mill_vector *v, uint32_t k) {
  switch (v->type->id) {
  case MILL_FLOAT: return ((const float *)v->data)[k] - ((const float *)v->data)[k] != 0;
  case MILL_DOUBLE: return ((const double *)v->data)[k] - ((const double *)v->data)[k] != 0;
  case MILL_DATE:
  case MILL_TIMESTAMP:
  case MILL_TIMESTAMP_NTZ:
  case MILL_TIMESTAMP_NANOS:
  case MILL_TIMESTAMP_NTZ_NANOS:
  case MILL_TIME:
  case MILL_INTERVAL:
  case MILL_INTERVAL_YM:
  case MILL_INTERVAL_DT: return true;
  default: return false;
  }
}

static mill_status put_atom(mill_json_writer *j, const mill_vector *v, uint32_t k) {
  bool quote = is_text(v, k);
  if (quote) MILL_TRY(put(j, "\"", 1));
  MILL_TRY(mill_value_put(j->texts, v, k, j->out, j->err));
  return quote ? put(j, "\"", 1) : MILL_OK;
}

static mill_status put_value(mill_json_writer *j, const names *x, const mill_vector *v, size_t i) {
  if (v->type->id == MILL_NULL || !mill_vector_valid(v, i)) return put(j, "null", 4);
  uint32_t k = mill_vector_at(v, i);
  switch (v->type->id) {
  case MILL_STRING: return put_string(j, (const mill_str *)v->data + k);
  case MILL_BINARY: return put_base64(j, (const mill_str *)v->data + k);
  case MILL_ARRAY: return put_array(j, x, v, ((const mill_span *)v->data)[k]);
  case MILL_MAP: return put_map(j, x, v, ((const mill_span *)v->data)[k]);
  case MILL_VARIANT: return put_variant(j, v, i);
  case MILL_STRUCT:
  case MILL_VECTOR:
  case MILL_MATRIX: return put_object(j, x, v->child, v->type, k);
  default: return put_atom(j, v, k);
  }
}

mill_status mill_json_put(mill_json_writer *j, const mill_vector *v, size_t i) {
  return put_value(j, &j->style->names, v, i);
}

mill_status mill_json_put_object(mill_json_writer *j, const mill_vector *child, const mill_type *t,
                                 uint32_t k) {
  return put_object(j, &j->style->names, child, t, k);
}
