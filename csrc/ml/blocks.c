/* Blocks of rows: see blocks_int.h. */
#include "ml/blocks_int.h"

#include <string.h>

#include "base/thread.h"

mill_status mill_blocks_init(mill_blocks *b, const mill_context *ctx, size_t n, size_t width,
                             mill_error *err) {
  *b = (mill_blocks){.ctx = ctx, .n = n, .width = width};
  size_t most = width ? MILL_BLOCK_BYTES / (width * sizeof(double)) : MILL_BLOCKS;
  most = most < 1 ? 1 : most > MILL_BLOCKS ? MILL_BLOCKS : most;
  b->rows = (n + most - 1) / most;
  if (b->rows < MILL_BLOCK_ROWS) b->rows = MILL_BLOCK_ROWS;
  b->count = (n + b->rows - 1) / b->rows;
  size_t bytes = b->count * width * sizeof(double);
  if (bytes == 0) return MILL_OK;
  b->part = mill_alloc(ctx->memory, bytes);
  return b->part ? MILL_OK : mill_oom(ctx->memory, bytes, err);
}

void mill_blocks_clear(mill_blocks *b) {
  if (b->part) mill_free(b->ctx->memory, b->part, b->count * b->width * sizeof(double));
  b->part = NULL;
}

typedef struct job {
  mill_blocks *b;
  mill_block_task f;
  void *arg;
} job;

static mill_status run_block(void *arg, size_t i, int worker, mill_error *err) {
  (void)worker;
  const job *j = arg;
  size_t from = i * j->b->rows, to = from + j->b->rows;
  double *part = mill_blocks_part(j->b, i);
  if (j->b->width) memset(part, 0, j->b->width * sizeof(double));
  return j->f(j->arg, from, to < j->b->n ? to : j->b->n, part, err);
}

mill_status mill_blocks_run(mill_blocks *b, mill_block_task f, void *arg, mill_error *err) {
  job j = {b, f, arg};
  return mill_pool_run(b->ctx->pool, b->count, run_block, &j, err);
}

mill_status mill_blocks_sum(mill_blocks *b, mill_block_task f, void *arg, double *out,
                            mill_error *err) {
  MILL_TRY(mill_blocks_run(b, f, arg, err));
  if (b->width) memset(out, 0, b->width * sizeof *out);
  for (size_t i = 0; i < b->count; i++)
    for (size_t k = 0; k < b->width; k++) out[k] += mill_blocks_part(b, i)[k];
  return MILL_OK;
}
