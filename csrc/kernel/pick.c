/* Rows chosen from several vectors of one type: what CASE, COALESCE, greatest and their kin do once
** they know whose value it is. Fixed widths copy value by value, nested values by runs. */
#include "kernel/kernel_int.h"

#define PICK(T)                                                                                    \
  for (size_t i = 0; i < n; i++)                                                                   \
    if (pick[i] >= 0) ((T *)out->data)[i] = MILL_AT(T, args[pick[i]], i)

static void pick_fixed(const mill_vector *const *args, const int32_t *pick, size_t n,
                       mill_vector *out) {
  switch (out->type->width) {
  case 1: PICK(uint8_t); break;
  case 2: PICK(uint16_t); break;
  case 4: PICK(uint32_t); break;
  case 8: PICK(uint64_t); break;
  case 16: PICK(mill_i128); break;
  default: break;
  }
}

static mill_status pick_nested(mill_call *call, const mill_vector *const *args, const int32_t *pick,
                               size_t n, mill_vector *out, mill_error *err) {
  mill_vector null;
  uint32_t run[256];
  mill_vector_null(&null, out->type);
  out->size = 0;
  for (size_t i = 0; i < n;) {
    uint32_t k = 0;
    int32_t from = pick[i];
    for (; i < n && pick[i] == from && k < 256; i++) run[k++] = (uint32_t)i;
    const mill_vector *src = from >= 0 ? args[from] : &null;
    MILL_TRY(mill_vector_append(out, src, run, k, false, call->arena, err));
  }
  return MILL_OK;
}

mill_status mill_pick_rows(mill_call *call, const mill_vector *const *args, const int32_t *pick,
                           size_t n, mill_vector *out, mill_error *err) {
  mill_phys phys = out->type->phys;
  if (phys == MILL_PHYS_LIST || phys == MILL_PHYS_STRUCT)
    return pick_nested(call, args, pick, n, out, err);
  pick_fixed(args, pick, n, out);
  for (size_t i = 0; i < n; i++)
    if (pick[i] < 0 || phys == MILL_PHYS_NONE || !mill_vector_valid(args[pick[i]], i))
      MILL_TRY(mill_set_null(call, out, i, err));
  return MILL_OK;
}
