/* Numbered strings: see words_int.h. Linear probing, at most half full. */
#include "ml/words_int.h"

#include "base/hash.h"

void mill_words_init(mill_words *w, mill_arena *a) { *w = (mill_words){.arena = a}; }

static uint32_t place(const mill_words *w, const mill_str *s) {
  uint32_t at = (uint32_t)mill_hash_bytes(mill_str_data(s), s->size) & (w->slots - 1);
  while (w->slot[at] && !mill_str_equal(&w->word[w->slot[at] - 1], s))
    at = (at + 1) & (w->slots - 1);
  return at;
}

bool mill_words_find(const mill_words *w, const mill_str *s, uint32_t *number) {
  if (w->n == 0) return false;
  uint32_t at = place(w, s);
  if (w->slot[at] == 0) return false;
  *number = w->slot[at] - 1;
  return true;
}

static mill_status grow(mill_words *w, mill_error *err) {
  uint32_t room = w->room ? 2 * w->room : 16;
  if (room > INT32_MAX / 4) return mill_oom(w->arena->memory, room, err);
  mill_str *word = mill_arena_alloc(w->arena, room * sizeof *word);
  uint32_t *slot = mill_arena_alloc(w->arena, 2 * (size_t)room * sizeof *slot);
  if (word == NULL || slot == NULL) return mill_oom(w->arena->memory, room * sizeof *word, err);
  if (w->n) memcpy(word, w->word, w->n * sizeof *word);
  w->word = word;
  w->slot = slot;
  w->room = room;
  w->slots = 2 * room;
  for (uint32_t i = 0; i < w->n; i++) slot[place(w, &word[i])] = i + 1;
  return MILL_OK;
}

mill_status mill_words_add(mill_words *w, const mill_str *s, uint32_t *number, mill_error *err) {
  if (mill_words_find(w, s, number)) return MILL_OK;
  if (w->n == w->room) MILL_TRY(grow(w, err));
  const char *bytes = mill_str_data(s);
  if (s->size > MILL_STR_INLINE) {
    bytes = mill_arena_strndup(w->arena, bytes, s->size);
    if (bytes == NULL) return mill_oom(w->arena->memory, s->size, err);
  }
  uint32_t at = place(w, s);
  w->word[w->n] = mill_str_view(bytes, s->size);
  w->slot[at] = w->n + 1;
  *number = w->n++;
  return MILL_OK;
}
