/* Structs, lists and maps from the levels of their leaves; see parquet_node.h. Levels of the leaves of
** one list must tell the same lists: counts are compared, so that no span leaves its child. */
#include <string.h>

#include "io/parquet_node.h"

typedef struct assembler {
  parquet_column *columns;
  mill_arena *arena;
  mill_error *err;
} assembler;

static mill_status disagree(const assembler *s, const parquet_node *n) {
  return mill_parquet_column_damaged(&s->columns[n->leaf], s->err,
                                     "its levels do not fit those of its neighbours");
}

static mill_status no_memory(const assembler *s, size_t bytes) {
  return mill_oom(s->arena->memory, bytes, s->err);
}

static mill_status make(assembler *s, const parquet_node *n, uint32_t places, mill_vector *out);

static bool is_place(const parquet_node *n, const uint8_t *def, const uint8_t *rep, size_t e) {
  return (rep == NULL || rep[e] <= n->rep) && def[e] >= n->slot;
}

/* Nulls, as many as there are places; children too. */
static mill_status nulls(assembler *s, const mill_type *t, uint32_t places, mill_vector *out) {
  MILL_TRY(mill_vector_init(out, t, places, s->arena, s->err));
  MILL_TRY(mill_vector_need_valid(out, s->arena, s->err));
  memset(out->valid, 0, (places + 63ull) / 64 * sizeof *out->valid);
  out->size = places;
  out->capacity = 0;
  return MILL_OK;
}

static mill_status value(assembler *s, const parquet_node *n, uint32_t places, mill_vector *out) {
  const parquet_column *c = &s->columns[n->leaf];
  if (c->slots != places) return disagree(s, n);
  *out = (mill_vector){.type = n->type, .data = c->data, .mask = MILL_FLAT, .size = places};
  if (n->def > n->slot) out->valid = c->valid;
  return MILL_OK;
}

/* A bit a place: is the node there? *count: places. NULL bits: nobody asks. */
static mill_status presence(assembler *s, const parquet_node *n, uint64_t **bits, uint32_t *count) {
  const parquet_column *c = &s->columns[n->leaf];
  const uint8_t *def = c->levels[0], *rep = c->leaf->field->rep ? c->levels[1] : NULL;
  size_t k = 0, bytes = (c->n + 64) / 64 * 8;
  if (c->n > UINT32_MAX) return disagree(s, n);
  *bits = n->def > n->slot ? mill_arena_alloc(s->arena, bytes) : NULL;
  if (n->def > n->slot && !*bits) return no_memory(s, bytes);
  for (size_t e = 0; e < c->n; e++) {
    if (!is_place(n, def, rep, e)) continue;
    if (*bits) (*bits)[k / 64] |= (uint64_t)(def[e] >= n->def) << (k & 63);
    k++;
  }
  *count = (uint32_t)k;
  return MILL_OK;
}

static mill_status children(assembler *s, const parquet_node *n, uint32_t places,
                            mill_vector *out) {
  size_t bytes = (n->n + 1ull) * sizeof *out->child;
  out->child = mill_arena_alloc(s->arena, bytes);
  if (!out->child) return no_memory(s, bytes);
  for (uint32_t i = 0; i < n->n; i++) MILL_TRY(make(s, &n->child[i], places, &out->child[i]));
  return MILL_OK;
}

static mill_status structure(assembler *s, const parquet_node *n, uint32_t places,
                             mill_vector *out) {
  uint32_t count;
  *out = (mill_vector){.type = n->type, .mask = MILL_FLAT, .size = places};
  MILL_TRY(presence(s, n, &out->valid, &count));
  if (count != places) return disagree(s, n);
  return children(s, n, places, out);
}

/* Spans over the elements, of which *elements are counted. */
static mill_status spans(assembler *s, const parquet_node *n, uint32_t places, mill_span *span,
                         uint32_t *elements) {
  const parquet_column *c = &s->columns[n->leaf];
  const uint8_t *def = c->levels[0], *rep = c->levels[1];
  size_t p = 0;
  uint32_t k = 0;
  for (size_t e = 0; e < c->n; e++) {
    if (is_place(n, def, rep, e)) {
      if (p == places) return disagree(s, n);
      span[p++] = (mill_span){k, 0};
    }
    if (def[e] < n->item || rep[e] > n->rep + 1) continue;
    if (p == 0) return disagree(s, n);
    span[p - 1].size++;
    k++;
  }
  *elements = k;
  return p == places ? MILL_OK : disagree(s, n);
}

static mill_status items(assembler *s, const parquet_node *n, uint32_t places, mill_vector *out) {
  uint32_t count, elements = 0;
  size_t bytes = (places + 1ull) * sizeof(mill_span);
  mill_span *span = mill_arena_take(s->arena, bytes);
  if (!span) return no_memory(s, bytes);
  *out = (mill_vector){.type = n->type, .data = span, .mask = MILL_FLAT, .size = places};
  MILL_TRY(presence(s, n, &out->valid, &count));
  if (count != places) return disagree(s, n);
  MILL_TRY(spans(s, n, places, span, &elements));
  MILL_TRY(children(s, n, elements, out));
  if (n->type->id != MILL_MAP || !out->child[0].valid) return MILL_OK;
  for (uint32_t i = 0; i < elements; i++)
    if (!mill_vector_valid(&out->child[0], i))
      return mill_parquet_column_damaged(&s->columns[n->leaf], s->err, "a key of a map is null");
  return MILL_OK;
}

static mill_status variants(assembler *s, const parquet_node *n, uint32_t places,
                            mill_vector *out) {
  mill_vector parts;
  MILL_TRY(make(s, n->child, places, &parts));
  return mill_parquet_variants(&parts, places, s->arena, out, s->err);
}

static mill_status make(assembler *s, const parquet_node *n, uint32_t places, mill_vector *out) {
  switch (n->shape) {
  case PARQUET_VALUE: return value(s, n, places, out);
  case PARQUET_STRUCT: return structure(s, n, places, out);
  case PARQUET_ITEMS: return items(s, n, places, out);
  case PARQUET_VARIANT: return variants(s, n, places, out);
  default: return nulls(s, n->type, places, out);
  }
}

mill_status mill_parquet_assemble(const parquet_node *n, parquet_column *columns, uint32_t rows,
                                  mill_arena *a, mill_vector *out, mill_error *err) {
  assembler s = {columns, a, err};
  return make(&s, n, rows, out);
}
