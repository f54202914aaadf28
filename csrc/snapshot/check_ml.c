/* ML vectors and matrices as other code may rely on them: lengths that agree, indices that ascend
** within the size (Spark's SparseVector, SparseMatrix). Checked where bytes of a file become values. */
#include "snapshot/column_int.h"

static bool no_nulls(const mill_vector *v, size_t from, size_t n) {
  for (size_t i = from; v->valid && i < from + n; i++)
    if (!mill_valid_bit(v->valid, i)) return false;
  return true;
}

static bool int_at(const mill_vector *v, uint32_t row, int32_t *out) {
  *out = ((const int32_t *)v->data)[row];
  return mill_valid_bit(v->valid, row) && *out >= 0;
}

/* Row `row` of a list column without nulls in it. */
static bool list_at(const mill_vector *v, uint32_t row, mill_span *out) {
  *out = ((const mill_span *)v->data)[row];
  return mill_valid_bit(v->valid, row) && no_nulls(&v->child[0], out->start, out->size);
}

static const int32_t *ints(const mill_vector *list, mill_span s) {
  return (const int32_t *)list->child[0].data + s.start;
}

/* Strictly ascending within [0, limit). */
static bool ascending(const int32_t *p, size_t n, int32_t limit) {
  for (size_t i = 0; i < n; i++)
    if (p[i] < 0 || p[i] >= limit || (i && p[i] <= p[i - 1])) return false;
  return true;
}

/* type, size, indices, values */
static bool vector_ok(const mill_vector *v, uint32_t row) {
  const mill_vector *f = v->child;
  int8_t kind = ((const int8_t *)f[0].data)[row];
  int32_t size;
  mill_span indices, values;
  if (!mill_valid_bit(f[0].valid, row) || (kind != 0 && kind != 1)) return false;
  if (!list_at(&f[3], row, &values)) return false;
  if (kind == 1) return true;
  return int_at(&f[1], row, &size) && list_at(&f[2], row, &indices) &&
         indices.size == values.size && ascending(ints(&f[2], indices), indices.size, size);
}

/* Columns of a sparse matrix (rows, when transposed): each with ascending indices. */
static bool sparse_ok(const mill_vector *f, uint32_t row, int32_t lines, int32_t length,
                      mill_span values) {
  mill_span starts, indices;
  if (!list_at(&f[3], row, &starts) || !list_at(&f[4], row, &indices)) return false;
  if (starts.size != (uint32_t)lines + 1 || indices.size != values.size) return false;
  const int32_t *start = ints(&f[3], starts), *index = ints(&f[4], indices);
  if (start[0] != 0 || start[lines] < 0 || (uint32_t)start[lines] != values.size) return false;
  for (int32_t i = 0; i < lines; i++) {
    if (start[i + 1] < start[i] || (uint32_t)start[i + 1] > values.size) return false;
    if (!ascending(index + start[i], (size_t)(start[i + 1] - start[i]), length)) return false;
  }
  return true;
}

/* type, numRows, numCols, colPtrs, rowIndices, values, isTransposed */
static bool matrix_ok(const mill_vector *v, uint32_t row) {
  const mill_vector *f = v->child;
  int8_t kind = ((const int8_t *)f[0].data)[row];
  int32_t rows, cols;
  mill_span values;
  if (!mill_valid_bit(f[0].valid, row) || (kind != 0 && kind != 1)) return false;
  if (!int_at(&f[1], row, &rows) || !int_at(&f[2], row, &cols)) return false;
  if (!list_at(&f[5], row, &values) || !mill_valid_bit(f[6].valid, row)) return false;
  if (kind == 1) return values.size == (uint64_t)rows * (uint64_t)cols;
  bool transposed = ((const uint8_t *)f[6].data)[row];
  return transposed ? sparse_ok(f, row, rows, cols, values) : sparse_ok(f, row, cols, rows, values);
}

const char *mill_snapshot_check_ml(const mill_vector *v, uint32_t n) {
  bool matrix = v->type->id == MILL_MATRIX;
  for (uint32_t i = 0; i < n; i++) {
    if (!mill_valid_bit(v->valid, i)) continue;
    if (matrix ? !matrix_ok(v, i) : !vector_ok(v, i))
      return matrix ? "a malformed matrix" : "a malformed vector";
  }
  return NULL;
}
