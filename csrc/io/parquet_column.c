/* Rows out of pages; see parquet_column.h.
**
** A flat leaf is read in one go: definition levels as bytes (none where a run says that all are
** there), values dense, then spread from the end over the places of nulls. Leaves within lists keep
** their levels; a row ends where an entry of repetition level 0 begins. */
#include <string.h>

#include "io/parquet_column.h"

enum { WINDOWS = 16 << 20, WINDOW_LEAST = 16 << 10, WINDOW_MOST = 256 << 10 };

void mill_parquet_column_init(parquet_column *c, const parquet_leaf *leaf,
                              const parquet_footer *footer, mill_file *file, int columns,
                              parquet_codes *codes, mill_memory *m) {
  size_t share = WINDOWS / (size_t)(columns > 0 ? columns : 1);
  *c = (parquet_column){.leaf = leaf, .footer = footer, .file = file, .codes = codes, .memory = m};
  c->read_ahead = share < WINDOW_LEAST ? WINDOW_LEAST : share > WINDOW_MOST ? WINDOW_MOST : share;
}

void mill_parquet_column_clear(parquet_column *c) {
  mill_memory *m = c->memory;
  if (!m) return;
  mill_parquet_page_forget(c);
  if (c->window) mill_free(m, c->window, c->capacity);
  if (c->data) mill_free(m, c->data, c->data_capacity * c->leaf->conversion.to);
  if (c->valid) mill_free(m, c->valid, c->valid_capacity * sizeof *c->valid);
  if (c->indices) mill_free(m, c->indices, MILL_BATCH * sizeof *c->indices);
  for (int i = 0; i < 2; i++)
    if (c->levels[i]) mill_free(m, c->levels[i], c->levels_capacity[i]);
  memset(c, 0, sizeof *c);
}

mill_status mill_parquet_column_seek(parquet_column *c, size_t group, mill_error *err) {
  const parquet_chunk *chunk = &c->footer->meta.groups.at[group].chunks.at[c->leaf->field->leaf];
  mill_parquet_page_forget(c);
  c->chunk = &chunk->meta;
  c->index = NULL;
  c->left = c->staged = c->stage_at = 0;
  c->pos = c->have = 0;
  c->row = 0;
  if (chunk->has & THRIFT_HAS(8))
    return mill_parquet_damaged(c->footer->path, err,
                                "column %s is encrypted, which cannot be read here",
                                c->leaf->field->name);
  c->unread = c->chunk->values;
  c->at = parquet_chunk_start(c->chunk);
  c->end = c->at + (uint64_t)c->chunk->compressed;
  return MILL_OK;
}

/* ---- levels --------------------------------------------------------------------------------- */

static mill_status read_levels(parquet_column *c, parquet_levels *l, uint8_t most, uint8_t *out,
                               size_t n, mill_error *err) {
  if (l->bytes) {
    memcpy(out, l->bytes, n);
    l->bytes += n;
  } else if (!mill_parquet_rle_u8(&l->runs, out, n)) {
    return mill_parquet_column_damaged(c, err, "a page ends before its levels");
  }
  uint8_t top = 0;
  for (size_t i = 0; i < n; i++) top = out[i] > top ? out[i] : top;
  return top <= most ? MILL_OK
                     : mill_parquet_column_damaged(c, err, "a level that its schema does not have");
}

/* Are all of the next entries (of *n, as many as that is known of) there? Then they are read. */
static mill_status all_there(parquet_column *c, size_t *n, bool *yes, mill_error *err) {
  size_t same;
  uint32_t value = 0;
  uint8_t def = c->leaf->field->def;
  *yes = def == 0;
  if (*yes || c->def.bytes) return MILL_OK;
  if (!mill_parquet_rle_peek(&c->def.runs, *n, &same, &value))
    return mill_parquet_column_damaged(c, err, "a page ends before its levels");
  if (same == 0 || value != def) return MILL_OK;
  *yes = true;
  *n = same;
  return mill_parquet_rle_skip(&c->def.runs, same)
             ? MILL_OK
             : mill_parquet_column_damaged(c, err, "a page ends before its levels");
}

static size_t count_level(const uint8_t *levels, size_t n, uint8_t level) {
  size_t k = 0;
  for (size_t i = 0; i < n; i++) k += levels[i] == level;
  return k;
}

/* ---- room ----------------------------------------------------------------------------------- */

static mill_status room_for_levels(parquet_column *c, int which, size_t n, mill_error *err) {
  return mill_grow(c->memory, (void **)&c->levels[which], &c->levels_capacity[which], n, 1, err);
}

static mill_status room_for_values(parquet_column *c, size_t n, mill_error *err) {
  if (c->leaf->type && c->leaf->conversion.to)
    MILL_TRY(mill_grow(c->memory, &c->data, &c->data_capacity, n, c->leaf->conversion.to, err));
  return mill_grow(c->memory, (void **)&c->valid, &c->valid_capacity, n / 64 + 1, sizeof *c->valid,
                   err);
}

/* ---- nulls ---------------------------------------------------------------------------------- */

#define SPREAD(type)                                                                               \
  do {                                                                                             \
    type *v = data;                                                                                \
    for (size_t i = n; i-- > 0 && k <= i;)                                                         \
      if (def[i] == full)                                                                          \
        v[i] = v[--k];                                                                             \
      else                                                                                         \
        memset(&v[i], 0, sizeof v[i]);                                                             \
  } while (0)

/* The first k values of data move to where def says that one is, from the last one on: those ahead
** of the first null stay. */
static void spread(void *data, uint32_t width, const uint8_t *def, uint8_t full, size_t n,
                   size_t k) {
  switch (width) {
  case 1: SPREAD(uint8_t); break;
  case 2: SPREAD(uint16_t); break;
  case 4: SPREAD(uint32_t); break;
  case 8: SPREAD(uint64_t); break;
  default: SPREAD(mill_u128); break;
  }
}

static void set_bits(uint64_t *valid, size_t from, size_t n, bool on) {
  for (size_t i = from; i < from + n;) {
    size_t bit = i & 63, some = 64 - bit < from + n - i ? 64 - bit : from + n - i;
    uint64_t mask = (some == 64 ? UINT64_MAX : (1ull << some) - 1) << bit;
    valid[i / 64] = on ? valid[i / 64] | mask : valid[i / 64] & ~mask;
    i += some;
  }
}

static void set_valid(uint64_t *valid, size_t from, const uint8_t *def, uint8_t full, size_t n) {
  for (size_t i = 0; i < n;) {
    size_t at = from + i, bit = at & 63, some = 64 - bit < n - i ? 64 - bit : n - i;
    uint64_t word = 0;
    for (size_t k = 0; k < some; k++) word |= (uint64_t)(def[i + k] == full) << k;
    uint64_t mask = (some == 64 ? UINT64_MAX : (1ull << some) - 1) << bit;
    valid[at / 64] = (valid[at / 64] & ~mask) | word << bit;
    i += some;
  }
}

/* ---- flat leaves ---------------------------------------------------------------------------- */

typedef struct flat {
  uint32_t done;
  bool nulls, indexed;      /* indexed: the rows so far are in c->indices, not in c->data */
  const parquet_some *some; /* NULL: all are read */
  uint32_t at;              /* the first of them that has not been */
} flat;

static uint32_t null_index(const parquet_column *c) {
  return c->codes->on ? c->codes->null : c->entries;
}

/* Indices of the dictionary as they were read, checked; codes where there are codes. */
static mill_status to_codes(const parquet_column *c, uint32_t *index, size_t n, mill_error *err) {
  MILL_TRY(mill_parquet_check_indices(c, index, n, err));
  for (size_t i = 0; c->codes->on && i < n; i++) index[i] = c->codes->of[index[i]];
  return MILL_OK;
}

static mill_status indices(parquet_column *c, uint32_t *to, size_t n, mill_error *err) {
  if (!mill_parquet_rle_u32(&c->runs, to, n))
    return mill_parquet_column_damaged(c, err, "a page ends before its values");
  return to_codes(c, to, n, err);
}

static mill_status indexed_piece(parquet_column *c, flat *f, const uint8_t *def, size_t n, size_t k,
                                 mill_error *err) {
  uint8_t full = c->leaf->field->def;
  uint32_t *to = c->indices + f->done;
  MILL_TRY(indices(c, to, k, err));
  if (k == n) return MILL_OK;
  if (c->codes->on) MILL_TRY(mill_parquet_codes_null(c->codes, err));
  const uint32_t null = null_index(c);
  for (size_t i = n; i-- > 0;) to[i] = def[i] == full ? to[--k] : null;
  f->nulls = true;
  return MILL_OK;
}

/* n entries of the page, of which `def` tells which are there (NULL: all). */
static mill_status flat_piece(parquet_column *c, flat *f, const uint8_t *def, size_t n,
                              mill_error *err) {
  uint8_t full = c->leaf->field->def;
  uint32_t width = c->leaf->conversion.to;
  size_t k = def ? count_level(def, n, full) : n;
  if (f->indexed) return indexed_piece(c, f, def, n, k, err);
  char *to = (char *)c->data + (size_t)f->done * width;
  MILL_TRY(mill_parquet_page_values(c, k, to, err));
  if (k < n) spread(to, width, def, full, n, k);
  if (k < n && !f->nulls) set_bits(c->valid, 0, f->done, true);
  f->nulls |= k < n;
  if (f->nulls && def) set_valid(c->valid, f->done, def, full, n);
  if (f->nulls && !def) set_bits(c->valid, f->done, n, true);
  return MILL_OK;
}

#define SCATTER(type)                                                                              \
  for (size_t i = 0; i < k; i++) ((type *)to)[row[i]] = ((const type *)from)[i]

static void scatter(void *to, uint32_t width, const uint32_t *row, size_t k, const void *from) {
  switch (width) {
  case 1: SCATTER(uint8_t); break;
  case 2: SCATTER(uint16_t); break;
  case 4: SCATTER(uint32_t); break;
  case 8: SCATTER(uint64_t); break;
  default: SCATTER(mill_u128); break;
  }
}

/* Of n entries of the page, which are all there, those that are wanted. */
static mill_status some_piece(parquet_column *c, flat *f, size_t n, mill_error *err) {
  _Alignas(16) uint8_t dense[MILL_BATCH * 16];
  const uint32_t *row = f->some->row + f->at;
  size_t k = 0;
  while (f->at + k < f->some->n && row[k] - f->done < n) k++;
  if (f->indexed) {
    if (!mill_parquet_rle_some(&c->runs, n, row, k, f->done, (uint32_t *)dense))
      return mill_parquet_column_damaged(c, err, "a page ends before its values");
    MILL_TRY(to_codes(c, (uint32_t *)dense, k, err));
    scatter(c->indices, sizeof *c->indices, row, k, dense);
  } else {
    MILL_TRY(mill_parquet_page_some(c, n, row, k, f->done, dense, err));
    scatter(c->data, c->leaf->conversion.to, row, k, dense);
    if (f->nulls) set_bits(c->valid, f->done, n, true);
  }
  f->at += (uint32_t)k;
  return MILL_OK;
}

static bool can_pick(const parquet_column *c) {
  return c->stream == PARQUET_FROM_FIXED || c->stream == PARQUET_FROM_DICTIONARY;
}

static void pass_some(flat *f) {
  while (f->some && f->at < f->some->n && f->some->row[f->at] < f->done) f->at++;
}

/* Rows that were indices become values: another page has none. */
static void leave_dictionary(parquet_column *c, flat *f) {
  const uint32_t null = null_index(c);
  f->indexed = false;
  for (uint32_t i = 0; f->nulls && i < f->done; i++) {
    bool none = c->indices[i] == null;
    set_bits(c->valid, i, 1, !none);
    if (none) c->indices[i] = 0;
  }
  const mill_str *from = c->codes->on ? c->codes->shown : c->dictionary;
  for (uint32_t i = 0; i < f->done; i++) ((mill_str *)c->data)[i] = from[c->indices[i]];
}

static bool wants_dictionary(const parquet_column *c) {
  return c->stream == PARQUET_FROM_DICTIONARY && c->leaf->conversion.to == sizeof(mill_str) &&
         c->leaf->type->phys == MILL_PHYS_STR;
}

static mill_status flat_rows(parquet_column *c, flat *f, uint32_t rows, mill_error *err) {
  uint8_t def[MILL_BATCH];
  bool all;
  if (c->left == 0) MILL_TRY(mill_parquet_page_next(c, NULL, err));
  if (f->done == 0) f->indexed = wants_dictionary(c);
  if (f->indexed && c->stream != PARQUET_FROM_DICTIONARY) leave_dictionary(c, f);
  size_t n = rows - f->done < c->left ? rows - f->done : c->left;
  MILL_TRY(all_there(c, &n, &all, err));
  if (!all) MILL_TRY(read_levels(c, &c->def, c->leaf->field->def, def, n, err));
  if (all && f->some && can_pick(c))
    MILL_TRY(some_piece(c, f, n, err));
  else
    MILL_TRY(flat_piece(c, f, all ? NULL : def, n, err));
  c->left -= (uint32_t)n;
  f->done += (uint32_t)n;
  pass_some(f);
  return MILL_OK;
}

static void show_dictionary(const parquet_column *c, const flat *f, mill_vector *out) {
  const parquet_codes *k = c->codes;
  out->index = c->indices;
  if (k->on) { /* with nulls or without: the same place tells the same */
    out->data = k->shown;
    out->entries = k->nshown;
    out->valid = k->has_null ? k->all.valid : NULL;
  } else {
    out->data = c->dictionary;
    out->valid = f->nulls ? c->dictionary_valid : NULL;
  }
}

mill_status mill_parquet_column_flat(parquet_column *c, uint32_t n, const parquet_some *some,
                                     mill_vector *out, mill_error *err) {
  flat f = {.some = some};
  mill_parquet_page_release(c);
  MILL_TRY(room_for_values(c, MILL_BATCH, err));
  if (!c->indices && !(c->indices = mill_alloc(c->memory, MILL_BATCH * sizeof *c->indices)))
    return mill_oom(c->memory, MILL_BATCH * sizeof *c->indices, err);
  if (some) memset(c->indices, 0, n * sizeof *c->indices); /* places that are in any dictionary */
  while (f.done < n) MILL_TRY(flat_rows(c, &f, n, err));
  c->row += n;
  *out = (mill_vector){.type = c->leaf->type, .data = c->data, .mask = MILL_FLAT, .size = n};
  if (f.nulls) out->valid = c->valid;
  if (f.indexed) show_dictionary(c, &f, out);
  return MILL_OK;
}

/* ---- leaves with levels --------------------------------------------------------------------- */

static mill_status fill_stage(parquet_column *c, mill_error *err) {
  const parquet_field *f = c->leaf->field;
  if (c->left == 0) MILL_TRY(mill_parquet_page_next(c, NULL, err));
  uint32_t n = c->left < PARQUET_STAGE ? c->left : PARQUET_STAGE;
  if (f->def)
    MILL_TRY(read_levels(c, &c->def, f->def, c->stage[0], n, err));
  else
    memset(c->stage[0], 0, n);
  if (f->rep) MILL_TRY(read_levels(c, &c->rep, f->rep, c->stage[1], n, err));
  c->left -= n;
  c->staged = n;
  c->stage_at = 0;
  return MILL_OK;
}

/* Entries of the stage that belong to at most *rows more rows, which are counted off; a row that has
** begun (`open`) takes those that repeat. */
static uint32_t row_entries(const parquet_column *c, uint64_t *rows, bool *open) {
  uint32_t i = c->stage_at;
  if (c->leaf->field->rep == 0) {
    uint64_t n = c->staged - i < *rows ? c->staged - i : *rows;
    *rows -= n;
    return (uint32_t)n;
  }
  for (; i < c->staged; i++) {
    if (c->stage[1][i]) continue;
    if (*rows == 0) break;
    --*rows;
    *open = true;
  }
  return i - c->stage_at;
}

/* The places of n staged entries, their values among them. */
static mill_status take_entries(parquet_column *c, uint32_t n, mill_error *err) {
  const uint8_t *def = c->stage[0] + c->stage_at;
  uint8_t full = c->leaf->field->def, slot = c->leaf->slot, places[PARQUET_STAGE];
  places[0] = 0;
  size_t k = 0, there = count_level(def, n, full);
  for (uint32_t i = 0; i < n; i++) {
    places[k] = def[i];
    k += def[i] >= slot;
  }
  if (k == 0) return MILL_OK; /* empty and missing lists alone */
  MILL_TRY(room_for_values(c, c->slots + k, err));
  set_valid(c->valid, c->slots, places, full, k);
  if (c->leaf->type) {
    uint32_t width = c->leaf->conversion.to;
    char *to = (char *)c->data + c->slots * width;
    MILL_TRY(mill_parquet_page_values(c, there, to, err));
    if (there < k) spread(to, width, places, full, k, there);
  }
  c->slots += k;
  return MILL_OK;
}

static mill_status keep_levels(parquet_column *c, uint32_t n, mill_error *err) {
  for (int i = 0; i < 2; i++) {
    if (i == 1 && c->leaf->field->rep == 0) break;
    MILL_TRY(room_for_levels(c, i, c->n + n, err));
    memcpy(c->levels[i] + c->n, c->stage[i] + c->stage_at, n);
  }
  c->n += n;
  return MILL_OK;
}

/* Rows are kept or passed over. Behind the last of them the chunk may end. */
static mill_status each_row(parquet_column *c, uint64_t rows, bool keep, mill_error *err) {
  bool open = false;
  uint64_t wanted = rows;
  for (;;) {
    if (c->stage_at == c->staged) {
      if (rows == 0 && (c->leaf->field->rep == 0 || !mill_parquet_page_more(c))) break;
      MILL_TRY(fill_stage(c, err));
    }
    uint32_t n = row_entries(c, &rows, &open);
    if (c->leaf->field->rep && n && !open)
      return mill_parquet_column_damaged(c, err, "a row begins with a repeated value");
    if (keep) {
      MILL_TRY(take_entries(c, n, err));
      MILL_TRY(keep_levels(c, n, err));
    } else if (c->leaf->type) {
      size_t there = count_level(c->stage[0] + c->stage_at, n, c->leaf->field->def);
      MILL_TRY(mill_parquet_page_skip(c, there, err));
    }
    c->stage_at += n;
    if (c->stage_at < c->staged) break;
  }
  c->row += wanted;
  return MILL_OK;
}

mill_status mill_parquet_column_rows(parquet_column *c, uint32_t rows, mill_error *err) {
  mill_parquet_page_release(c);
  c->n = c->slots = 0;
  return each_row(c, rows, true, err);
}

/* ---- passing over rows ---------------------------------------------------------------------- */

/* The page of the index that holds the row, -1: the index does not help. */
static int64_t page_of(const parquet_column *c, uint64_t row) {
  const parquet_offset_index *x = c->index;
  if (!x || x->pages.n == 0) return -1;
  uint32_t low = 0, high = x->pages.n;
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    if ((uint64_t)x->pages.at[mid].first_row <= row)
      low = mid;
    else
      high = mid;
  }
  return low;
}

/* By the index to the page of row c->row + *rows, when that lies behind the one being read. */
static mill_status jump(parquet_column *c, uint64_t *rows, mill_error *err) {
  int64_t page = page_of(c, c->row + *rows);
  if (page < 0) return MILL_OK;
  const parquet_location *l = &c->index->pages.at[page];
  bool inside = (uint64_t)l->first_row <= c->row;
  if (inside || l->first_row < 0 || l->offset < 0) return MILL_OK;
  MILL_TRY(mill_parquet_page_jump(c, (uint64_t)l->offset, err));
  c->staged = c->stage_at = 0;
  *rows -= (uint64_t)l->first_row - c->row;
  c->row = (uint64_t)l->first_row;
  c->unread = c->chunk->values;
  return MILL_OK;
}

static mill_status skip_flat(parquet_column *c, size_t n, mill_error *err) {
  uint8_t def[MILL_BATCH];
  while (n) {
    size_t some = n < MILL_BATCH ? n : MILL_BATCH;
    bool all;
    MILL_TRY(all_there(c, &some, &all, err));
    if (!all) MILL_TRY(read_levels(c, &c->def, c->leaf->field->def, def, some, err));
    size_t there = all ? some : count_level(def, some, c->leaf->field->def);
    MILL_TRY(mill_parquet_page_skip(c, there, err));
    c->left -= (uint32_t)some;
    c->row += some;
    n -= some;
  }
  return MILL_OK;
}

/* A flat leaf of a struct may have staged levels: those go by rows. */
mill_status mill_parquet_column_skip(parquet_column *c, uint64_t rows, mill_error *err) {
  mill_parquet_page_release(c);
  if (rows) MILL_TRY(jump(c, &rows, err));
  bool by_page = c->leaf->field->rep == 0 && c->leaf->type;
  if (c->stage_at < c->staged || !by_page) return rows ? each_row(c, rows, false, err) : MILL_OK;
  while (rows) {
    if (c->left == 0) {
      uint64_t left = rows;
      MILL_TRY(mill_parquet_page_next(c, &left, err));
      c->row += rows - left;
      rows = left;
      if (rows == 0) break;
    }
    size_t n = rows < c->left ? (size_t)rows : c->left;
    MILL_TRY(skip_flat(c, n, err));
    rows -= n;
    mill_parquet_page_release(c);
  }
  return MILL_OK;
}
