/* Zone maps: what is known of each zone of a column, so that scans leave zones out, and chunks of which
** no zone is left. The section "name/zones/<column>" holds, for all zones,
**
**     bounded u8 | page of least values, page of greatest values, if bounded is 1 | numbers: nulls
**
** A bound is null where none is known: of nothing but nulls or NaN. NaN counts for no bound. Bounds of
** strings beyond ZONE_TEXT bytes are their front, below, and a front that is greater, above. */
#include "base/hot.h"
#include "snapshot/page_int.h"
#include "snapshot/zone_int.h"

static bool bounded(const mill_type *t) {
  switch (t->phys) {
  case MILL_PHYS_BOOL:
  case MILL_PHYS_I8:
  case MILL_PHYS_I16:
  case MILL_PHYS_I32:
  case MILL_PHYS_I64:
  case MILL_PHYS_I128:
  case MILL_PHYS_F32:
  case MILL_PHYS_F64: return true;
  case MILL_PHYS_STR:
    return (t->id == MILL_STRING && t->collation == MILL_UTF8_BINARY) || t->id == MILL_BINARY;
  default: return false;
  }
}

/* ---- of one zone ---------------------------------------------------------------------------- */

/* Of a NaN no comparison is true. */
#define LOOP(T)                                                                                    \
  do {                                                                                             \
    const T *x = v->data;                                                                          \
    T low = 0, high = 0;                                                                           \
    uint32_t i = 0;                                                                                \
    while (i < n && !(mill_valid_bit(v->valid, i) && x[i] == x[i])) i++;                           \
    if (i == n) return false;                                                                      \
    low = high = x[i];                                                                             \
    if (v->valid)                                                                                  \
      for (; i < n; i++) {                                                                         \
        if (!mill_valid_bit(v->valid, i)) continue;                                                \
        low = x[i] < low ? x[i] : low;                                                             \
        high = x[i] > high ? x[i] : high;                                                          \
      }                                                                                            \
    else                                                                                           \
      for (; i < n; i++) {                                                                         \
        low = x[i] < low ? x[i] : low;                                                             \
        high = x[i] > high ? x[i] : high;                                                          \
      }                                                                                            \
    memcpy(&z->cell[0], &low, sizeof low);                                                         \
    memcpy(&z->cell[1], &high, sizeof high);                                                       \
    return true;                                                                                   \
  } while (0)

static MILL_HOT bool number_bounds(const mill_vector *v, uint32_t n, table_zone *z) {
  switch (v->type->phys) {
  case MILL_PHYS_BOOL: LOOP(uint8_t);
  case MILL_PHYS_I8: LOOP(int8_t);
  case MILL_PHYS_I16: LOOP(int16_t);
  case MILL_PHYS_I32: LOOP(int32_t);
  case MILL_PHYS_I64: LOOP(int64_t);
  case MILL_PHYS_F32: LOOP(float);
  case MILL_PHYS_F64: LOOP(double);
  default: LOOP(mill_i128);
  }
}

/* The first four bytes as a number in the order of strings. */
static uint32_t front(const mill_str *s) {
  const uint8_t *p = (const uint8_t *)s->prefix;
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Let the string be a bound; false: nothing as short is above it. */
static bool set_text(table_zone *z, int which, const mill_str *s) {
  uint32_t n = s->size < ZONE_TEXT ? s->size : ZONE_TEXT;
  memcpy(z->text[which], mill_str_data(s), n);
  if (which == 1 && n < s->size) {
    while (n && (uint8_t)z->text[which][n - 1] == 0xff) n--;
    if (n == 0) return false;
    z->text[which][n - 1] = (char)(z->text[which][n - 1] + 1);
  }
  mill_str bound = mill_str_view(z->text[which], n);
  memcpy(&z->cell[which], &bound, sizeof bound);
  return true;
}

static bool text_bounds(const mill_vector *v, uint32_t n, table_zone *z) {
  const mill_str *x = v->data, *bound[2] = {NULL, NULL};
  uint32_t low = UINT32_MAX, high = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = front(&x[i]);
    if ((at > low && at < high) || !mill_valid_bit(v->valid, i)) continue;
    low = at < low ? at : low;
    high = at > high ? at : high;
    if (!bound[0]) bound[0] = bound[1] = &x[i];
    if (mill_str_equal(&x[i], bound[0]) || mill_str_equal(&x[i], bound[1])) continue;
    if (mill_str_compare(&x[i], bound[0]) < 0) bound[0] = &x[i];
    if (mill_str_compare(&x[i], bound[1]) > 0) bound[1] = &x[i];
  }
  return bound[0] && set_text(z, 0, bound[0]) && set_text(z, 1, bound[1]);
}

static bool bounds_of(const mill_vector *v, uint32_t n, table_zone *z) {
  return v->type->phys == MILL_PHYS_STR ? text_bounds(v, n, z) : number_bounds(v, n, z);
}

/* Of codes: of the entries that they name. */
static mill_status zone_of_codes(const mill_vector *v, uint32_t n, mill_arena *scratch,
                                 table_zone *z, mill_error *err) {
  mill_vector named = {.type = v->type, .mask = MILL_FLAT};
  uint32_t k = 0;
  uint8_t *used = mill_arena_alloc(scratch, v->entries);
  mill_str *entry = mill_arena_take(scratch, v->entries * sizeof *entry);
  if (!used || !entry) return mill_oom(scratch->memory, v->entries * sizeof *entry, err);
  for (uint32_t i = 0; i < n; i++) used[v->index[i]] = 1;
  for (uint32_t i = 0; i < v->entries; i++)
    if (used[i] && mill_valid_bit(v->valid, i)) entry[k++] = ((const mill_str *)v->data)[i];
  for (uint32_t i = 0; v->valid && i < n; i++) z->nulls += !mill_valid_bit(v->valid, v->index[i]);
  named.data = entry;
  z->known = bounded(v->type) && k && text_bounds(&named, k, z);
  return MILL_OK;
}

/* `from` is a multiple of 64. */
mill_status mill_zone_of(const mill_vector *v, uint32_t from, uint32_t n, mill_arena *scratch,
                         table_zone *z, mill_error *err) {
  mill_vector part;
  z->nulls = 0;
  MILL_TRY(mill_vector_slice(&part, v, from, scratch, err));
  if (part.index) return zone_of_codes(&part, n, scratch, z, err);
  for (uint32_t i = 0; part.valid && i < n; i++) z->nulls += !mill_valid_bit(part.valid, i);
  if (v->type->phys == MILL_PHYS_NONE) z->nulls = n;
  z->known = bounded(v->type) && z->nulls < n && bounds_of(&part, n, z);
  return MILL_OK;
}

/* ---- of all zones --------------------------------------------------------------------------- */

void mill_zones_init(table_zones *z, const mill_type *t, mill_memory *m) {
  *z = (table_zones){.type = t};
  mill_arena_init(&z->arena, m);
  mill_text_init(&z->nulls, m);
  z->min = (mill_vector){.type = t, .mask = MILL_FLAT};
  z->max = z->min;
}

void mill_zones_clear(table_zones *z) {
  mill_arena_clear(&z->arena);
  mill_text_clear(&z->nulls);
}

static mill_status add_bound(table_zones *z, mill_vector *to, const table_zone *zone, int which,
                             mill_error *err) {
  mill_vector one = {.type = z->type, .data = (void *)(uintptr_t)&zone->cell[which]};
  if (!zone->known) mill_vector_null(&one, z->type);
  return mill_vector_append(to, &one, NULL, 1, true, &z->arena, err);
}

mill_status mill_zones_add(table_zones *z, const table_zone *zone, mill_error *err) {
  MILL_TRY(mill_text_add(&z->nulls, (const char *)&zone->nulls, sizeof zone->nulls, err));
  if (!bounded(z->type)) return MILL_OK;
  MILL_TRY(add_bound(z, &z->min, zone, 0, err));
  return add_bound(z, &z->max, zone, 1, err);
}

mill_status mill_zones_copy(table_zones *z, const table_zones *from, size_t n, mill_error *err) {
  MILL_TRY(mill_text_add(&z->nulls, from->nulls.data, n * sizeof(int64_t), err));
  if (!bounded(z->type)) return MILL_OK;
  MILL_TRY(mill_vector_append(&z->min, &from->min, NULL, n, true, &z->arena, err));
  return mill_vector_append(&z->max, &from->max, NULL, n, true, &z->arena, err);
}

mill_status mill_zones_put(const table_zones *z, mill_arena *scratch, mill_text *out,
                           mill_error *err) {
  size_t n = z->nulls.size / sizeof(int64_t);
  bool bounds = bounded(z->type);
  MILL_TRY(mill_text_addc(out, bounds, err));
  if (bounds) {
    MILL_TRY(mill_page_put(&z->min, (uint32_t)n, NULL, scratch, out, err));
    MILL_TRY(mill_page_put(&z->max, (uint32_t)n, NULL, scratch, out, err));
  }
  return mill_numbers_put((const int64_t *)(const void *)z->nulls.data, n, 8, scratch, out, err);
}

static mill_status get(page_reader *r, table_zones *z, uint32_t n) {
  uint8_t bounds;
  void *nulls;
  MILL_TRY(page_byte(r, &bounds));
  if (bounds != bounded(z->type)) return page_bad(r, "bounds where there can be none");
  if (bounds) {
    MILL_TRY(mill_page_get(r, z->type, n, &z->min));
    MILL_TRY(mill_page_get(r, z->type, n, &z->max));
  }
  MILL_TRY(page_room(r->scratch, n, 8, r->err, &nulls));
  MILL_TRY(mill_numbers_get(r, n, 8, nulls));
  MILL_TRY(mill_text_add(&z->nulls, nulls, n * sizeof(int64_t), r->err));
  return r->p == r->end ? MILL_OK : page_bad(r, "more bytes behind its values");
}

/* Zones of a part into z, which was just made. */
static mill_status load_part(const mill_snapshot *s, const table_place *p, const table_part *part,
                             int column, table_zones *z, mill_error *err) {
  size_t i;
  void *bytes;
  mill_text name;
  mill_text_init(&name, z->arena.memory);
  mill_status status = mill_text_printf(&name, err, "%s/zones/%d", part->name, column);
  bool found = status == MILL_OK && mill_snapshot_find(s, name.data, &i);
  mill_text_clear(&name);
  MILL_TRY(status);
  if (!found) return mill_snapshot_damaged(s, err, "it has no zones of column %d", column);
  size_t n = (size_t)mill_snapshot_size(s, i);
  MILL_TRY(page_room(&z->arena, n, 1, err, &bytes));
  memset((char *)bytes + n, 0, PAGE_SLACK);
  mill_text stored;
  mill_text_init(&stored, z->arena.memory);
  status = mill_snapshot_read_into(s, i, bytes, &stored, err);
  mill_text_clear(&stored);
  MILL_TRY(status);
  page_reader r = {
      .p = bytes, .end = (char *)bytes + n, .arena = &z->arena, .scratch = &z->arena, .err = err};
  status = get(&r, z, (uint32_t)part->zones);
  if (status != MILL_E_CORRUPT_FILE || !r.wrong) return status;
  return mill_snapshot_damaged(s, err, "zones of column %s: %s", p->schema->fields[column].name,
                               r.wrong);
}

mill_status mill_zones_load(const mill_snapshot *s, const table_place *p, int column,
                            table_zones *z, mill_error *err) {
  mill_status status = MILL_OK;
  if (p->nparts == 1) return load_part(s, p, p->part, column, z, err);
  for (size_t k = 0; k < p->nparts && status == MILL_OK; k++) {
    const table_part *part = &p->part[k];
    size_t n = mill_snapshot_zones_before(p, part->first + part->nchunks) - p->zone[part->first];
    table_zones own;
    mill_zones_init(&own, z->type, z->arena.memory);
    status = load_part(s, p, part, column, &own, err);
    if (status == MILL_OK) status = mill_zones_copy(z, &own, n, err);
    mill_zones_clear(&own);
  }
  return status;
}

static mill_vector view(const mill_vector *v, size_t i) {
  return (mill_vector){.type = v->type, .data = (char *)v->data + i * v->type->width};
}

bool mill_zones_may_pass(const table_zones *z, size_t i, uint32_t rows, const mill_test *t) {
  mill_range r = {0};
  mill_vector min, max;
  memcpy(&r.nulls, z->nulls.data + i * sizeof r.nulls, sizeof r.nulls);
  r.all_null = r.nulls == rows;
  if (bounded(z->type) && mill_vector_valid(&z->min, i) && mill_vector_valid(&z->max, i)) {
    min = view(&z->min, i);
    max = view(&z->max, i);
    r.min = &min;
    r.max = &max;
  }
  return mill_test_may_pass(t, &r);
}
