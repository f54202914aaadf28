/* Hash aggregation: the places of groups.
**
** The result has its groups in the order of their first rows. A part numbers groups as they come and
** notes where each morsel begins; morsels come to it in ascending order, if not all of them. So what a
** morsel added to any part takes the places behind those of the morsels before, and the place of a
** group that several parts have is the smallest: no row's position is kept, and nothing is sorted. */
#include "exec/aggregate_int.h"

mill_status mill_agg_span_begin(mill_agg_part *p, size_t morsel, uint64_t before, mill_error *err) {
  if (p->nspans && p->span[p->nspans - 1].morsel == morsel) return MILL_OK;
  MILL_TRY(mill_grow(p->plan->x->ctx->memory, (void **)&p->span, &p->span_room, p->nspans + 1,
                     sizeof *p->span, err));
  p->span[p->nspans++] = (mill_agg_span){
      .morsel = morsel, .rows = p->rows, .before = before, .first = mill_agg_count(p)};
  return MILL_OK;
}

static uint32_t span_size(const mill_agg_part *p, size_t i) {
  uint32_t stop = i + 1 < p->nspans ? p->span[i + 1].first : mill_agg_total(p);
  return stop - p->span[i].first;
}

mill_status mill_agg_place_all(const mill_agg_plan *plan, mill_agg_part *const *part, size_t n,
                               uint64_t *total, mill_error *err) {
  mill_memory *m = plan->x->ctx->memory;
  size_t morsels = 0;
  for (size_t i = 0; i < n; i++)
    if (part[i] && part[i]->nspans && part[i]->span[part[i]->nspans - 1].morsel >= morsels)
      morsels = part[i]->span[part[i]->nspans - 1].morsel + 1;
  uint64_t *base = mill_calloc(m, (morsels + 1) * sizeof *base);
  if (base == NULL) return mill_oom(m, (morsels + 1) * sizeof *base, err);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; part[i] && k < part[i]->nspans; k++)
      base[part[i]->span[k].morsel + 1] += span_size(part[i], k);
  for (size_t k = 0; k < morsels; k++) base[k + 1] += base[k];
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; part[i] && k < part[i]->nspans; k++)
      part[i]->span[k].shift =
          base[part[i]->span[k].morsel] + part[i]->span[k].before - part[i]->span[k].first;
  *total = base[morsels];
  mill_free(m, base, (morsels + 1) * sizeof *base);
  return MILL_OK;
}
