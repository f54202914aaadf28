/* Pages to vectors; see page_int.h. Every count is held against the bytes that are left before memory
** of its size is taken. */
#include "base/hash.h"
#include "column/coder.h"
#include "snapshot/page_int.h"
#include "snapshot/snapshot_int.h"

static mill_status read_valid(page_reader *r, mill_vector *v, uint32_t n) {
  const char *p;
  void *mem;
  size_t words = ((size_t)n + 63) / 64;
  MILL_TRY(page_take(r, words, 8, &p));
  MILL_TRY(page_room(r->arena, words, 8, r->err, &mem));
  v->valid = mem;
  for (size_t i = 0; i < words; i++) v->valid[i] = snapshot_get(p + i * 8, 8);
  if (n % 64) v->valid[n / 64] |= ~0ull << n % 64;
  return MILL_OK;
}

/* Zeros, all of them null. */
static mill_status read_nothing(page_reader *r, mill_vector *v, const mill_type *t, uint32_t n) {
  if (n > MILL_CHUNK || t->phys == MILL_PHYS_STRUCT) return page_bad(r, "malformed nulls");
  MILL_TRY(mill_vector_init(v, t, n, r->arena, r->err));
  MILL_TRY(mill_vector_need_valid(v, r->arena, r->err));
  for (uint32_t i = 0; i < n; i++) mill_vector_clear_bit(v, i);
  v->size = n;
  return MILL_OK;
}

static mill_status read_void(page_reader *r, mill_vector *v, uint32_t n) {
  if (!v->valid && n) return page_bad(r, "a VOID that is not null");
  for (uint32_t i = 0; i < n; i++)
    if (mill_valid_bit(v->valid, i)) return page_bad(r, "a VOID that is not null");
  return MILL_OK;
}

/* ---- values of fixed width ------------------------------------------------------------------ */

static mill_status read_raw(page_reader *r, mill_vector *v, uint32_t n) {
  const char *p;
  MILL_TRY(page_take(r, n, v->type->width, &p));
  MILL_TRY(page_room(r->arena, n, v->type->width, r->err, &v->data));
  if (n) memcpy(v->data, p, (size_t)n * v->type->width);
  snapshot_swap(v->data, n, v->type);
  return MILL_OK;
}

static mill_status read_wide(page_reader *r, mill_vector *v, uint32_t n) {
  uint8_t form;
  void *mem;
  MILL_TRY(page_byte(r, &form));
  if (form > PAGE_SPECIAL) return page_bad(r, "decimals of an unknown form");
  if (form == PAGE_PLAIN) return read_raw(r, v, n);
  MILL_TRY(page_number_room(r, r->scratch, n, 8, &mem));
  MILL_TRY(mill_numbers_get(r, n, 8, mem));
  MILL_TRY(page_room(r->arena, n, 16, r->err, &v->data));
  for (uint32_t i = 0; i < n; i++) ((mill_i128 *)v->data)[i] = ((const int64_t *)mem)[i];
  return MILL_OK;
}

static mill_status read_fixed(page_reader *r, mill_vector *v, uint32_t n) {
  const mill_type *t = v->type;
  if (t->phys == MILL_PHYS_INTERVAL) return read_raw(r, v, n);
  if (t->phys == MILL_PHYS_I128) {
    MILL_TRY(read_wide(r, v, n));
  } else {
    MILL_TRY(page_number_room(r, r->arena, n, t->width, &v->data));
    MILL_TRY(t->phys == MILL_PHYS_F64 ? mill_doubles_get(r, n, v->data)
                                      : mill_numbers_get(r, n, t->width, v->data));
  }
  const char *wrong = mill_snapshot_wrong_values(v, n);
  return wrong ? page_bad(r, wrong) : MILL_OK;
}

/* ---- strings -------------------------------------------------------------------------------- */

/* Flat strings by their codes; nulls as the codes tell. */
static mill_status spread(page_reader *r, mill_vector *v, uint32_t n, const mill_str *entry,
                          const uint32_t *code, uint32_t entries, bool coded) {
  MILL_TRY(page_room(r->arena, n, sizeof(mill_str), r->err, &v->data));
  if (coded) MILL_TRY(mill_vector_need_valid(v, r->arena, r->err));
  for (uint32_t i = 0; i < n; i++) {
    ((mill_str *)v->data)[i] = entry[code[i]];
    if (coded && code[i] == entries) mill_vector_clear_bit(v, i);
  }
  return MILL_OK;
}

/* Codes are compared in place of strings. */
static mill_status all_differ(page_reader *r, const mill_str *entry, uint32_t n) {
  enum { SLOTS = 2 * MILL_CODES };
  uint16_t slot[SLOTS] = {0};
  for (uint32_t i = 0; i < n; i++) {
    size_t at = mill_hash_bytes(mill_str_data(&entry[i]), entry[i].size) % SLOTS;
    for (; slot[at]; at = (at + 1) % SLOTS)
      if (mill_str_equal(&entry[slot[at] - 1], &entry[i]))
        return page_bad(r, "an entry of a dictionary twice");
    slot[at] = (uint16_t)(i + 1);
  }
  return MILL_OK;
}

/* The entries with the codes as an index. Of coded nulls the last entry is null. */
static mill_status point(page_reader *r, mill_vector *v, mill_str *entry, const uint32_t *code,
                         uint32_t entries, bool coded) {
  v->data = entry;
  v->index = code;
  v->capacity = 0;
  if (r->strings == TABLE_CODES && entries + coded <= MILL_CODES) {
    MILL_TRY(all_differ(r, entry, entries));
    v->entries = entries + coded;
  }
  if (!coded) return MILL_OK;
  size_t words = entries / 64 + 1;
  void *mem;
  MILL_TRY(page_room(r->arena, words, 8, r->err, &mem));
  v->valid = memset(mem, 0xff, words * 8);
  mill_vector_clear_bit(v, entries);
  return MILL_OK;
}

static mill_status read_dictionary(page_reader *r, mill_vector *v, uint32_t n, bool packed,
                                   bool coded) {
  const char *p;
  void *entry, *mem;
  if (n > MILL_CHUNK || v->valid) return page_bad(r, "a dictionary where there can be none");
  MILL_TRY(page_take(r, 4, 1, &p));
  uint32_t entries = (uint32_t)snapshot_get(p, 4), most = 0;
  if (entries > n) return page_bad(r, "a dictionary of more entries than values");
  MILL_TRY(page_room(r->arena, entries + 1, sizeof(mill_str), r->err, &entry));
  MILL_TRY(mill_strings_get(r, entries, packed, entry));
  ((mill_str *)entry)[entries] = (mill_str){0};
  bool flat = r->strings == TABLE_FLAT;
  MILL_TRY(page_room(flat ? r->scratch : r->arena, n, 4, r->err, &mem));
  MILL_TRY(mill_numbers_get(r, n, 4, mem));
  const uint32_t *code = mem;
  for (uint32_t i = 0; i < n; i++) most = code[i] > most ? code[i] : most;
  if (n && most >= entries + coded) return page_bad(r, "a code without its entry");
  return flat ? spread(r, v, n, entry, code, entries, coded)
              : point(r, v, entry, code, entries, coded);
}

static mill_status read_strings(page_reader *r, mill_vector *v, uint32_t n, bool coded) {
  uint8_t form;
  MILL_TRY(page_byte(r, &form));
  bool packed = form & PAGE_PACKED;
  form &= (uint8_t)~PAGE_PACKED;
  if (form == PAGE_SPECIAL) return read_dictionary(r, v, n, packed, coded);
  if (form != PAGE_PLAIN || coded) return page_bad(r, "strings of an unknown form");
  MILL_TRY(page_number_room(r, r->arena, n, sizeof(mill_str), &v->data));
  return mill_strings_get(r, n, packed, v->data);
}

/* ---- nested values -------------------------------------------------------------------------- */

static mill_status read_vector(page_reader *r, const mill_type *type, uint32_t n, mill_vector *v);

static mill_status read_children(page_reader *r, mill_vector *v, uint32_t n) {
  r->strings = TABLE_FLAT;
  for (uint32_t c = 0; c < v->type->nfields; c++)
    MILL_TRY(read_vector(r, v->type->fields[c].type, n, &v->child[c]));
  return MILL_OK;
}

static mill_status read_lists(page_reader *r, mill_vector *v, uint32_t n) {
  void *mem;
  uint64_t total = 0;
  MILL_TRY(page_number_room(r, r->scratch, n, 4, &mem));
  MILL_TRY(mill_numbers_get(r, n, 4, mem));
  MILL_TRY(page_room(r->arena, n, sizeof(mill_span), r->err, &v->data));
  const uint32_t *size = mem;
  for (uint32_t i = 0; i < n; i++) {
    ((mill_span *)v->data)[i] = (mill_span){(uint32_t)total, size[i]};
    total += size[i];
    if (total > UINT32_MAX) return page_bad(r, "more elements than a column can hold");
  }
  MILL_TRY(read_children(r, v, (uint32_t)total));
  for (uint32_t i = 0; v->type->id == MILL_MAP && v->child[0].valid && i < total; i++)
    if (!mill_valid_bit(v->child[0].valid, i)) return page_bad(r, "a null as the key of a map");
  return MILL_OK;
}

static mill_status read_structs(page_reader *r, mill_vector *v, uint32_t n) {
  MILL_TRY(read_children(r, v, n));
  bool ml = v->type->id == MILL_VECTOR || v->type->id == MILL_MATRIX;
  const char *wrong = ml ? mill_snapshot_check_ml(v, n) : NULL;
  return wrong ? page_bad(r, wrong) : MILL_OK;
}

static mill_status read_vector(page_reader *r, const mill_type *type, uint32_t n, mill_vector *v) {
  const char *p;
  MILL_TRY(page_take(r, 5, 1, &p));
  uint8_t nulls = (uint8_t)p[4];
  if (snapshot_get(p, 4) != n) return page_bad(r, "its number of values is not that of its rows");
  if (nulls > PAGE_NULLS_CODED || (nulls == PAGE_NULLS_CODED && type->phys != MILL_PHYS_STR))
    return page_bad(r, "malformed nulls");
  if (nulls == PAGE_NULLS_ALL) return read_nothing(r, v, type, n);
  *v = (mill_vector){.type = type, .mask = MILL_FLAT, .size = n, .capacity = n};
  v->child = mill_arena_alloc(r->arena, (type->nfields + 1ull) * sizeof *v->child);
  if (!v->child) return mill_oom(r->arena->memory, type->nfields * sizeof *v->child, r->err);
  if (nulls == PAGE_NULLS_SOME) MILL_TRY(read_valid(r, v, n));
  switch (type->phys) {
  case MILL_PHYS_NONE: return read_void(r, v, n);
  case MILL_PHYS_STR: return read_strings(r, v, n, nulls == PAGE_NULLS_CODED);
  case MILL_PHYS_LIST: return read_lists(r, v, n);
  case MILL_PHYS_STRUCT: return read_structs(r, v, n);
  default: return read_fixed(r, v, n);
  }
}

mill_status mill_page_get(page_reader *r, const mill_type *type, uint32_t n, mill_vector *out) {
  return read_vector(r, type, n, out);
}

mill_status mill_page_load(const mill_snapshot *s, size_t i, const mill_type *type, uint32_t n,
                           table_strings strings, table_desk *d, mill_arena *a, mill_vector *out,
                           mill_error *err) {
  enum { ROW = 24 };
  void *mem;
  uint64_t size = mill_snapshot_size(s, i);
  if (size > SIZE_MAX / 4) return mill_oom(a->memory, SIZE_MAX, err);
  mill_arena_reset(&d->arena);
  if (!mill_arena_reserve(&d->arena, n * ROW)) return mill_oom(a->memory, n * ROW, err);
  MILL_TRY(page_room(&d->arena, (size_t)size, 1, err, &mem));
  MILL_TRY(mill_snapshot_read_into(s, i, mem, &d->stored, err));
  memset((char *)mem + size, 0, PAGE_SLACK);
  page_reader r = {.p = mem,
                   .end = (char *)mem + size,
                   .arena = a,
                   .scratch = &d->arena,
                   .strings = strings,
                   .err = err};
  mill_status status = read_vector(&r, type, n, out);
  if (status == MILL_OK && r.p != r.end) status = page_bad(&r, "more bytes behind its values");
  if (status == MILL_E_CORRUPT_FILE && r.wrong)
    return mill_snapshot_damaged(s, err, "%s: %s", d->name.data, r.wrong);
  return status;
}
