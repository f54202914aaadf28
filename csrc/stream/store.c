/* Keyed store (store.h): one block an entry, so that entries stay where they are while the table
** and the list of entries grow. */
#include "stream/store.h"

#include "base/hash.h"

void mill_store_init(mill_store *s, mill_memory *m) {
  *s = (mill_store){.memory = m, .oldest = MILL_NO_TIME};
  mill_text_init(&s->removed, m);
}

static size_t entry_size(const mill_store_entry *e) {
  return sizeof *e + e->key_size + e->value_size;
}

void mill_store_clear(mill_store *s) {
  for (size_t i = 0; i < s->nentries; i++)
    if (s->entry[i]) mill_free(s->memory, s->entry[i], entry_size(s->entry[i]));
  mill_free(s->memory, s->entry, s->capacity * sizeof *s->entry);
  mill_free(s->memory, s->table, s->slots * sizeof *s->table);
  mill_free(s->memory, s->dirty, s->dirty_capacity * sizeof *s->dirty);
  mill_text_clear(&s->removed);
  mill_store_init(s, s->memory);
}

/* ---- the table ------------------------------------------------------------------------------ */

/* The slot that holds the key, or the empty one where it belongs. There is always an empty one. */
static size_t slot_of(const mill_store *s, uint64_t hash, const char *key, size_t n) {
  size_t i = hash & (s->slots - 1);
  for (; s->table[i]; i = (i + 1) & (s->slots - 1)) {
    const mill_store_entry *e = s->entry[s->table[i] - 1];
    if (e->hash == hash && e->key_size == n && (n == 0 || memcmp(e->bytes, key, n) == 0)) break;
  }
  return i;
}

static void fill_table(mill_store *s) {
  memset(s->table, 0, s->slots * sizeof *s->table);
  for (size_t k = 0; k < s->nentries; k++) {
    if (s->entry[k] == NULL) continue;
    size_t i = s->entry[k]->hash & (s->slots - 1);
    while (s->table[i]) i = (i + 1) & (s->slots - 1);
    s->table[i] = (uint32_t)k + 1;
  }
}

static mill_status grow_table(mill_store *s, mill_error *err) {
  if ((s->rows + 1) * 2 <= s->slots) return MILL_OK;
  size_t slots = s->slots ? s->slots * 2 : 64;
  uint32_t *table = mill_alloc(s->memory, slots * sizeof *table);
  if (table == NULL) return mill_oom(s->memory, slots * sizeof *table, err);
  mill_free(s->memory, s->table, s->slots * sizeof *s->table);
  s->table = table;
  s->slots = slots;
  fill_table(s);
  return MILL_OK;
}

/* Empty slot i, moving up what was pushed past it. */
static void free_slot(mill_store *s, size_t i) {
  size_t mask = s->slots - 1;
  for (size_t j = (i + 1) & mask; s->table[j]; j = (j + 1) & mask) {
    size_t home = s->entry[s->table[j] - 1]->hash & mask;
    if (((j - home) & mask) < ((j - i) & mask)) continue;
    s->table[i] = s->table[j];
    i = j;
  }
  s->table[i] = 0;
}

/* ---- one key -------------------------------------------------------------------------------- */

const mill_store_entry *mill_store_get(const mill_store *s, const char *key, size_t n) {
  if (s->slots == 0) return NULL;
  uint32_t k = s->table[slot_of(s, mill_hash_bytes(key, n), key, n)];
  return k ? s->entry[k - 1] : NULL;
}

static void place(mill_store *s, mill_store_entry *e, uint32_t at, bool dirty) {
  e->at = at;
  if (!dirty) s->dirty[s->ndirty++] = at;
  s->entry[at] = e;
  s->bytes += entry_size(e);
  if (e->time < s->oldest) s->oldest = e->time;
}

mill_status mill_store_put(mill_store *s, const char *key, size_t n, const char *value, size_t m,
                           int64_t time, mill_error *err) {
  void *list = s->entry;
  mill_status status =
      mill_grow(s->memory, &list, &s->capacity, s->nentries + 1, sizeof(void *), err);
  s->entry = list;
  MILL_TRY(status);
  list = s->dirty;
  status = mill_grow(s->memory, &list, &s->dirty_capacity, s->ndirty + 1, sizeof *s->dirty, err);
  s->dirty = list;
  MILL_TRY(status);
  MILL_TRY(grow_table(s, err));
  mill_store_entry *e = mill_alloc(s->memory, sizeof *e + n + m);
  if (e == NULL) return mill_oom(s->memory, sizeof *e + n + m, err);
  *e = (mill_store_entry){mill_hash_bytes(key, n), time, 0, (uint32_t)n, (uint32_t)m, true};
  if (n) memcpy(e->bytes, key, n);
  if (m) memcpy(e->bytes + n, value, m);
  size_t i = slot_of(s, e->hash, key, n);
  if (s->table[i]) {
    mill_store_entry *old = s->entry[s->table[i] - 1];
    s->bytes -= entry_size(old);
    place(s, e, old->at, old->changed);
    mill_free(s->memory, old, entry_size(old));
    return MILL_OK;
  }
  s->table[i] = (uint32_t)s->nentries + 1;
  place(s, e, (uint32_t)s->nentries++, false);
  s->rows++;
  return MILL_OK;
}

mill_status mill_store_remove(mill_store *s, const mill_store_entry *e, mill_error *err) {
  MILL_TRY(mill_text_reserve(&s->removed, 4 + (size_t)e->key_size, err));
  MILL_TRY(mill_put_bytes(&s->removed, e->bytes, e->key_size, err));
  s->nremoved++;
  mill_store_entry *gone = s->entry[e->at];
  free_slot(s, slot_of(s, gone->hash, gone->bytes, gone->key_size));
  s->entry[gone->at] = NULL;
  s->bytes -= entry_size(gone);
  s->rows--;
  mill_free(s->memory, gone, entry_size(gone));
  return MILL_OK;
}

mill_status mill_store_evict(mill_store *s, int64_t limit, uint64_t *removed, mill_error *err) {
  *removed = 0;
  if (s->oldest > limit || s->oldest == MILL_NO_TIME) return MILL_OK;
  int64_t oldest = MILL_NO_TIME;
  for (size_t i = 0; i < s->nentries; i++) {
    mill_store_entry *e = s->entry[i];
    if (e == NULL) continue;
    if (e->time != MILL_NO_TIME && e->time <= limit) {
      MILL_TRY(mill_store_remove(s, e, err));
      ++*removed;
    } else if (e->time < oldest) {
      oldest = e->time;
    }
  }
  s->oldest = oldest;
  return MILL_OK;
}

/* ---- changes -------------------------------------------------------------------------------- */

/* The k-th entry of a delta, of all entries or of those that changed; NULL: a hole. */
static const mill_store_entry *listed(const mill_store *s, bool all, size_t k) {
  return s->entry[all ? k : s->dirty[k]];
}

mill_status mill_store_changes(const mill_store *s, bool all, mill_text *out, mill_error *err) {
  uint32_t n = 0;
  size_t count = all ? s->nentries : s->ndirty;
  for (size_t i = 0; i < count; i++) n += listed(s, all, i) != NULL;
  MILL_TRY(mill_put_u32(out, all ? 0 : s->nremoved, err));
  if (!all && s->removed.size) MILL_TRY(mill_text_add(out, s->removed.data, s->removed.size, err));
  MILL_TRY(mill_put_u32(out, n, err));
  for (size_t i = 0; i < count; i++) {
    const mill_store_entry *e = listed(s, all, i);
    if (e == NULL) continue;
    MILL_TRY(mill_put_bytes(out, e->bytes, e->key_size, err));
    MILL_TRY(mill_put_bytes(out, e->bytes + e->key_size, e->value_size, err));
    MILL_TRY(mill_put_u64(out, (uint64_t)e->time, err));
  }
  return MILL_OK;
}

static void close_holes(mill_store *s) {
  size_t n = 0;
  for (size_t i = 0; i < s->nentries; i++) {
    if (s->entry[i] == NULL) continue;
    s->entry[i]->at = (uint32_t)n;
    s->entry[n++] = s->entry[i];
  }
  s->nentries = n;
  if (s->slots) fill_table(s);
}

void mill_store_settle(mill_store *s) {
  for (size_t i = 0; i < s->ndirty; i++)
    if (s->entry[s->dirty[i]]) s->entry[s->dirty[i]]->changed = false;
  s->ndirty = 0;
  mill_text_reset(&s->removed);
  s->nremoved = 0;
  if (s->nentries > 2 * s->rows) close_holes(s);
}

mill_status mill_store_apply(mill_store *s, mill_row_reader *r, mill_error *err) {
  size_t n, m;
  uint32_t removed = mill_take_u32(r);
  for (uint32_t i = 0; i < removed && !r->broken; i++) {
    const char *key = mill_take_bytes(r, &n);
    const mill_store_entry *e = r->broken ? NULL : mill_store_get(s, key, n);
    if (e) MILL_TRY(mill_store_remove(s, e, err));
  }
  uint32_t put = mill_take_u32(r);
  for (uint32_t i = 0; i < put && !r->broken; i++) {
    const char *key = mill_take_bytes(r, &n), *value = mill_take_bytes(r, &m);
    int64_t time = (int64_t)mill_take_u64(r);
    if (!r->broken) MILL_TRY(mill_store_put(s, key, n, value, m, time, err));
  }
  mill_store_settle(s);
  return MILL_OK;
}
