/* Hadoop's frames; see hadoop.h. */
#include "base/hadoop.h"

#include <lz4.h>
#include <string.h>

#include "base/snappy.h"

enum { FRAME_MOST = 64 << 20 };

struct mill_hadoop {
  mill_memory *memory;
  bool snappy;
  unsigned char head[4]; /* of the number being read */
  size_t nhead;
  size_t left;      /* content of the frame that is still to come */
  size_t block;     /* bytes of the block that is being read; 0: its length comes next */
  mill_text packed; /* of it so far */
  mill_text content;
  size_t at; /* content given out */
};

mill_status mill_hadoop_open(mill_memory *m, bool snappy, mill_hadoop **out, mill_error *err) {
  mill_hadoop *h = mill_calloc(m, sizeof *h);
  if (h == NULL) return mill_oom(m, sizeof *h, err);
  h->memory = m;
  h->snappy = snappy;
  mill_text_init(&h->packed, m);
  mill_text_init(&h->content, m);
  *out = h;
  return MILL_OK;
}

void mill_hadoop_free(mill_hadoop *h) {
  if (h == NULL) return;
  mill_text_clear(&h->packed);
  mill_text_clear(&h->content);
  mill_free(h->memory, h, sizeof *h);
}

/* The block that is there whole, into `content`. */
static mill_status unpack(mill_hadoop *h, const char **damage, mill_error *err) {
  size_t size = 0;
  h->at = 0;
  mill_text_reset(&h->content);
  if (h->snappy && (!mill_snappy_size(h->packed.data, h->packed.size, &size) || size > h->left)) {
    *damage = "a block of snappy is damaged";
    return MILL_OK;
  }
  MILL_TRY(mill_text_reserve(&h->content, (h->snappy ? size : h->left) + MILL_SNAPPY_SLACK, err));
  if (h->snappy) {
    if (!mill_snappy_unpack(h->packed.data, h->packed.size, h->content.data, size))
      *damage = "a block of snappy is damaged";
  } else {
    int got =
        LZ4_decompress_safe(h->packed.data, h->content.data, (int)h->packed.size, (int)h->left);
    if (got < 0) *damage = "a block of LZ4 is damaged";
    size = got < 0 ? 0 : (size_t)got;
  }
  if (*damage) return MILL_OK;
  h->content.size = size;
  h->left -= size;
  h->block = 0;
  return MILL_OK;
}

/* A length: *whole once its four bytes are there. */
static size_t length(mill_hadoop *h, const char *in, size_t n, bool *whole, size_t *value) {
  size_t take = 4 - h->nhead < n ? 4 - h->nhead : n;
  memcpy(h->head + h->nhead, in, take);
  h->nhead += take;
  *whole = h->nhead == 4;
  if (!*whole) return take;
  h->nhead = 0;
  *value =
      (size_t)h->head[0] << 24 | (size_t)h->head[1] << 16 | (size_t)h->head[2] << 8 | h->head[3];
  return take;
}

static mill_status take_block(mill_hadoop *h, const char *in, size_t n, size_t *used,
                              const char **damage, mill_error *err) {
  size_t want = h->block - h->packed.size, take = want < n ? want : n;
  MILL_TRY(mill_text_add(&h->packed, in, take, err));
  *used = take;
  return h->packed.size == h->block ? unpack(h, damage, err) : MILL_OK;
}

mill_status mill_hadoop_step(mill_hadoop *h, const char *in, size_t n, size_t *used, char *out,
                             size_t room, size_t *made, bool *inside, const char **damage,
                             mill_error *err) {
  size_t ready = h->content.size - h->at;
  bool whole;
  *used = *made = 0;
  if (ready) {
    *made = ready < room ? ready : room;
    memcpy(out, h->content.data + h->at, *made);
    h->at += *made;
  } else if (h->block) {
    MILL_TRY(take_block(h, in, n, used, damage, err));
  } else if (n) {
    size_t *to = h->left ? &h->block : &h->left, value = 0;
    bool frame = h->left == 0;
    *used = length(h, in, n, &whole, &value);
    if (whole && (value > FRAME_MOST || (!frame && value == 0)))
      *damage = "a length that no frame has: it is not in Hadoop's form";
    else if (whole)
      *to = value;
    mill_text_reset(&h->packed);
  }
  *inside = h->nhead || h->left || h->block || h->at < h->content.size;
  return MILL_OK;
}
