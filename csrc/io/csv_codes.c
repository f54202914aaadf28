/* Texts of CSV that repeat, as codes of a dictionary that a decoder keeps while it has few entries.
**
** Texts of up to CSV_KNOWN bytes that were met before are known by their bytes, as they stand in the file: no string
** is made of them. Others are found, and all are kept, by a coder (column/coder.h). When there are too many, the
** column goes on as a flat one.
**
**     known[hash]    the text as words, its size and code; open addressing, half empty */
#include "io/csv_int.h"

/* The code of any text, or of null: as the coder finds it. */
static __attribute__((noinline)) mill_status find_code(csv_cells *d, csv_codes *k, csv_cell c,
                                                       bool check, mill_arena *scratch,
                                                       uint32_t *code, mill_error *err) {
  mill_str s;
  mill_vector one = {.type = k->all.type, .data = &s, .mask = MILL_FLAT};
  bool fits = true;
  *code = k->null;
  if (c.size == CSV_NULL && k->null != CSV_NULL) return MILL_OK;
  if (c.size == CSV_NULL)
    mill_vector_null(&one, k->all.type);
  else
    MILL_TRY(mill_csv_string(d, c, check, scratch, &s, err));
  k->all.size = 0; /* the list of codes begins anew, texts stay */
  MILL_TRY(mill_coder_append(k->coder, &k->all, &one, NULL, 1, &k->arena, &fits, err));
  k->many = !fits;
  if (!fits) return MILL_OK;
  *code = k->all.index[0];
  if (c.size == CSV_NULL) k->null = *code;
  return MILL_OK;
}

/* The bytes of a text of up to CSV_KNOWN as words, zeros behind them. */
static inline void words_of(const char *p, uint32_t n, uint64_t w[3]) {
  static const uint8_t keep[2 * CSV_KNOWN] = {255, 255, 255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255};
  uint64_t mask[3];
  memcpy(mask, keep + CSV_KNOWN - n, sizeof mask);
  memcpy(w, p, 3 * sizeof *w);
  for (int i = 0; i < 3; i++) w[i] &= mask[i];
}

/* Where the text is, or would be, among those that are known. */
static inline csv_known *known_at(csv_codes *k, const uint64_t w[3], uint32_t size) {
  uint64_t h = w[0] ^ (w[1] << 21 | w[1] >> 43) ^ w[2] * 5;
  h = (h ^ h >> 32) * 0x9e3779b97f4a7c15ull;
  for (size_t at = h >> 48;; at++) {
    csv_known *e = &k->known[at & (CSV_KNOWNS - 1)];
    uint64_t other = (e->word[0] ^ w[0]) | (e->word[1] ^ w[1]) | (e->word[2] ^ w[2]);
    if ((other | (e->size ^ size)) == 0 || e->size == CSV_NULL) return e;
  }
}

static mill_status code_cells(csv_cells *d, csv_codes *k, const csv_cell *cell, uint32_t n,
                              bool check, mill_arena *scratch, mill_error *err) {
  uint32_t *out = k->code + d->from;
  for (uint32_t i = 0; i < n && !k->many; i++) {
    csv_cell c = cell[i];
    uint64_t w[3];
    if (c.size > CSV_KNOWN || check) {
      MILL_TRY(find_code(d, k, c, check, scratch, &out[i], err));
      continue;
    }
    words_of(csv_cell_text(d, c), c.size, w);
    csv_known *e = known_at(k, w, c.size);
    if (e->size == CSV_NULL) {
      MILL_TRY(find_code(d, k, c, check, scratch, &e->code, err));
      *e = (csv_known){{w[0], w[1], w[2]}, c.size, e->code};
    }
    out[i] = e->code;
  }
  return MILL_OK;
}

/* There are too many: what the batch had goes where values lie. */
static void give_up(const csv_cells *d, const csv_codes *k, mill_vector *v, uint32_t *nulls) {
  mill_str *out = v->data;
  const mill_str *entry = k->all.data;
  for (uint32_t i = 0; i < d->from; i++) {
    out[i] = entry[k->code[i]];
    if (k->code[i] != k->null) continue;
    mill_vector_clear_bit(v, i);
    ++*nulls;
  }
}

mill_status mill_csv_codes_new(mill_memory *m, const mill_type *type, csv_codes **out,
                               mill_error *err) {
  csv_codes *k = mill_calloc(m, sizeof *k);
  *out = k;
  if (k == NULL) return mill_oom(m, sizeof *k, err);
  k->null = CSV_NULL;
  for (int i = 0; i < CSV_KNOWNS; i++) k->known[i].size = CSV_NULL;
  mill_arena_init(&k->arena, m);
  return mill_coder_new(&k->all, type, MILL_BATCH, &k->arena, &k->coder, err);
}

void mill_csv_codes_free(csv_codes *k, mill_memory *m) {
  if (k == NULL) return;
  mill_arena_clear(&k->arena);
  mill_free(m, k, sizeof *k);
}

mill_status mill_csv_codes_show(csv_codes *k, mill_vector *v, mill_error *err) {
  if (k->shown == NULL || k->nshown != k->all.entries) {
    size_t bytes = (k->all.entries + 1ull) * sizeof *k->shown;
    k->shown = mill_arena_take(&k->arena, bytes);
    if (k->shown == NULL) return mill_oom(k->arena.memory, bytes, err);
    k->nshown = k->all.entries;
    memcpy(k->shown, k->all.data, k->nshown * sizeof *k->shown);
  }
  v->data = k->shown;
  v->valid = k->null != CSV_NULL ? k->all.valid : NULL;
  v->index = k->code;
  v->entries = k->nshown;
  return MILL_OK;
}

mill_status mill_csv_convert_codes(csv_cells *d, csv_codes *k, const csv_cell *cell, mill_vector *v,
                                   uint32_t n, bool check, mill_arena *scratch, uint32_t *nulls,
                                   mill_error *err) {
  if (!k->many) {
    MILL_TRY(code_cells(d, k, cell, n, check, scratch, err));
    if (!k->many) return MILL_OK;
    give_up(d, k, v, nulls);
  }
  return mill_csv_convert(d, cell, v, n, check, scratch, nulls, err);
}
