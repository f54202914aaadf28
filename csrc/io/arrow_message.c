/* Arrow's messages as bytes: schema, record batch, footer; see arrow_int.h.
**
** Buffers of a body begin at multiples of 8 bytes. A compressed buffer says its size before; one that
** compression does not make smaller stays as it is, with -1 for the size. */
#include "base/codec.h"
#include "base/lz4_frame.h"
#include "io/arrow_int.h"

enum { V5 = 4, HEAD = 8, BLOCK = 24, ZSTD_LEVEL = 1 };

static mill_status add_int(mill_text *out, uint64_t v, size_t width, mill_error *err) {
  char bytes[8];
  for (size_t i = 0; i < width; i++) bytes[i] = (char)(v >> 8 * i);
  return mill_text_add(out, bytes, width, err);
}

static mill_status pad(mill_text *out, size_t from, mill_error *err) {
  static const char zeros[8];
  return mill_text_add(out, zeros, (8 - (out->size - from) % 8) % 8, err);
}

/* Finish the builder's Message around a header, and append it with its prefix. */
static mill_status put_message(io_flat_builder *b, int kind, uint32_t header, uint64_t body,
                               mill_text *out, mill_error *err) {
  const unsigned char *p;
  size_t n;
  mill_flat_begin(b);
  mill_flat_set_int(b, 3, (int64_t)body, 8);
  mill_flat_set_ref(b, 2, header);
  mill_flat_set_int(b, 0, V5, 2);
  mill_flat_set_int(b, 1, kind, 1);
  MILL_TRY(mill_flat_finish(b, mill_flat_end(b), &p, &n));
  MILL_TRY(add_int(out, UINT32_MAX, 4, err));
  MILL_TRY(add_int(out, n, 4, err));
  return mill_text_add(out, (const char *)p, n, err);
}

mill_status mill_arrow_put_schema(const mill_arrow_type *fields, const char *spark, mill_text *out,
                                  mill_error *err) {
  io_flat_builder b;
  mill_flat_init(&b, out->memory, err);
  uint32_t schema = mill_arrow_build_schema(&b, fields, spark);
  mill_status s = put_message(&b, IO_ARROW_SCHEMA, schema, 0, out, err);
  mill_flat_clear(&b);
  return s;
}

mill_status mill_arrow_put_end(mill_text *out, mill_error *err) {
  return add_int(out, UINT32_MAX, 8, err);
}

/* ---- record batches ------------------------------------------------------------------------- */

typedef struct putting {
  mill_text nodes, buffers; /* the structs of the RecordBatch */
  mill_text *body;          /* what they describe */
  uint32_t nnodes, nbuffers;
  io_arrow_codec codec;
  mill_error *err;
} putting;

static mill_status put_packed(putting *p, const mill_text *t) {
  size_t at = p->body->size;
  MILL_TRY(add_int(p->body, t->size, 8, p->err));
  MILL_TRY(p->codec == IO_ARROW_LZ4
               ? mill_lz4_frame_pack(t->data, t->size, p->body, p->err)
               : mill_zstd_pack(t->data, t->size, ZSTD_LEVEL, p->body, p->err));
  if (p->body->size - at < t->size + 8) return MILL_OK;
  p->body->size = at;
  MILL_TRY(add_int(p->body, UINT64_MAX, 8, p->err));
  return mill_text_add(p->body, t->data, t->size, p->err);
}

static mill_status put_buffer(putting *p, const mill_text *t) {
  size_t at = p->body->size;
  if (t->size && p->codec != IO_ARROW_PLAIN)
    MILL_TRY(put_packed(p, t));
  else
    MILL_TRY(mill_text_add(p->body, t->data, t->size, p->err));
  MILL_TRY(add_int(&p->buffers, at, 8, p->err));
  MILL_TRY(add_int(&p->buffers, p->body->size - at, 8, p->err));
  p->nbuffers++;
  return pad(p->body, 0, p->err);
}

static mill_status put_column(putting *p, const mill_arrow_column *c) {
  MILL_TRY(add_int(&p->nodes, c->rows, 8, p->err));
  MILL_TRY(add_int(&p->nodes, c->nulls, 8, p->err));
  p->nnodes++;
  if (mill_arrow_has_validity(c->type)) MILL_TRY(put_buffer(p, &c->valid));
  for (int i = 0; i < mill_arrow_buffers(c->type); i++) MILL_TRY(put_buffer(p, &c->buffer[i]));
  for (uint32_t i = 0; i < c->type->nchildren; i++) MILL_TRY(put_column(p, &c->child[i]));
  return MILL_OK;
}

static mill_status put_head(putting *p, uint64_t rows, mill_text *out) {
  io_flat_builder b;
  uint32_t packed = 0;
  mill_flat_init(&b, out->memory, p->err);
  if (p->codec != IO_ARROW_PLAIN) {
    mill_flat_begin(&b);
    mill_flat_set_int(&b, 0, p->codec, 1);
    packed = mill_flat_end(&b);
  }
  uint32_t buffers = mill_flat_put_bytes(&b, p->buffers.data, p->nbuffers, 16, 8);
  uint32_t nodes = mill_flat_put_bytes(&b, p->nodes.data, p->nnodes, 16, 8);
  mill_flat_begin(&b);
  mill_flat_set_int(&b, 0, (int64_t)rows, 8);
  mill_flat_set_ref(&b, 1, nodes);
  mill_flat_set_ref(&b, 2, buffers);
  mill_flat_set_ref(&b, 3, packed);
  mill_status s = put_message(&b, IO_ARROW_BATCH, mill_flat_end(&b), p->body->size, out, p->err);
  mill_flat_clear(&b);
  return s;
}

mill_status mill_arrow_put_batch(const mill_arrow_column *columns, uint32_t n, uint64_t rows,
                                 io_arrow_codec codec, mill_text *head, mill_text *body,
                                 mill_error *err) {
  putting p = {.codec = codec, .body = body, .err = err};
  mill_status s = MILL_OK;
  mill_text_init(&p.nodes, head->memory);
  mill_text_init(&p.buffers, head->memory);
  for (uint32_t i = 0; i < n && s == MILL_OK; i++) s = put_column(&p, &columns[i]);
  if (s == MILL_OK) s = put_head(&p, rows, head);
  mill_text_clear(&p.nodes);
  mill_text_clear(&p.buffers);
  return s;
}

/* ---- footers -------------------------------------------------------------------------------- */

mill_status mill_arrow_put_magic(mill_text *out, mill_error *err) {
  return mill_text_add(out, "ARROW1\0", 8, err);
}

mill_status mill_arrow_put_footer(const mill_arrow_type *fields, const char *spark,
                                  const io_arrow_block *block, size_t n, mill_text *out,
                                  mill_error *err) {
  io_flat_builder b;
  mill_text blocks;
  mill_status s = n > UINT32_MAX / BLOCK ? mill_oom(out->memory, SIZE_MAX, err) : MILL_OK;
  const unsigned char *p;
  size_t size;
  mill_text_init(&blocks, out->memory);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    s = add_int(&blocks, block[i].at, 8, err);
    if (s == MILL_OK) s = add_int(&blocks, block[i].meta, 8, err);
    if (s == MILL_OK) s = add_int(&blocks, block[i].body, 8, err);
  }
  mill_flat_init(&b, out->memory, err);
  uint32_t schema = mill_arrow_build_schema(&b, fields, spark);
  uint32_t none = mill_flat_put_bytes(&b, NULL, 0, BLOCK, 8);
  uint32_t list = mill_flat_put_bytes(&b, blocks.data, (uint32_t)n, BLOCK, 8);
  mill_flat_begin(&b);
  mill_flat_set_ref(&b, 1, schema);
  mill_flat_set_ref(&b, 2, none);
  mill_flat_set_ref(&b, 3, list);
  mill_flat_set_int(&b, 0, V5, 2);
  if (s == MILL_OK) s = mill_flat_finish(&b, mill_flat_end(&b), &p, &size);
  if (s == MILL_OK) s = mill_text_add(out, (const char *)p, size, err);
  if (s == MILL_OK) s = add_int(out, size, 4, err);
  if (s == MILL_OK) s = mill_text_add(out, "ARROW1", 6, err);
  mill_flat_clear(&b);
  mill_text_clear(&blocks);
  return s;
}
