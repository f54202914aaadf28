/* Records of a query: everything that a restart needs, as bytes in a frame of the log.
**
**     BASE    policy u32 | COMMON | OPERATORS with all their rows | staged
**     INTENT  COMMON
**     COMMIT  COMMON | OPERATORS with their changes | staged
**     COMMON      time, watermark before, watermark in force next u64 | u32 definitions: value u64
**                 | u32 sources: end offset, u32 has state [delta]
**     OPERATORS   u32, each: name, keys, values as DDL, delta
*/
#include <stdio.h>

#include "stream/query_int.h"

static mill_status put_feeds(const mill_query *q, bool all, mill_text *out, mill_error *err) {
  MILL_TRY(mill_put_u32(out, (uint32_t)q->spec.nsources, err));
  for (int i = 0; i < q->spec.nsources; i++) {
    const mill_query_feed *f = &q->feeds[i];
    const mill_text *end = all ? &f->start : &f->end;
    MILL_TRY(mill_put_bytes(out, end->data, end->size, err));
    MILL_TRY(mill_put_u32(out, f->feed->state != NULL, err));
    if (f->feed->state) MILL_TRY(mill_store_changes(f->feed->state, all, out, err));
  }
  return MILL_OK;
}

static mill_status put_ops(const mill_query *q, bool all, mill_text *out, mill_error *err) {
  MILL_TRY(mill_put_u32(out, (uint32_t)q->nops, err));
  for (int i = 0; i < q->nops; i++) {
    const mill_stream_op *op = q->ops[i];
    MILL_TRY(mill_put_bytes(out, op->name, strlen(op->name), err));
    MILL_TRY(mill_put_bytes(out, op->keys.data, op->keys.size, err));
    MILL_TRY(mill_put_bytes(out, op->values.data, op->values.size, err));
    MILL_TRY(mill_store_changes(&op->state, all, out, err));
  }
  return mill_put_bytes(out, q->staged.data, q->staged.size, err);
}

mill_status mill_query_put_record(const mill_query *q, mill_record kind, mill_text *out,
                                  mill_error *err) {
  bool all = kind == MILL_RECORD_BASE;
  if (all) MILL_TRY(mill_put_u32(out, q->spec.policy_max, err));
  MILL_TRY(mill_put_u64(out, (uint64_t)q->time, err));
  MILL_TRY(mill_put_u64(out, (uint64_t)q->previous, err));
  MILL_TRY(mill_put_u64(out, (uint64_t)q->force, err));
  MILL_TRY(mill_put_u32(out, (uint32_t)q->nmarks, err));
  for (int i = 0; i < q->nmarks; i++)
    MILL_TRY(mill_put_u64(out, (uint64_t)q->watermarks[i].value, err));
  MILL_TRY(put_feeds(q, all, out, err));
  return kind == MILL_RECORD_INTENT ? MILL_OK : put_ops(q, all, out, err);
}

/* ---- back ----------------------------------------------------------------------------------- */

static mill_status take_text(mill_row_reader *r, mill_text *out, mill_error *err) {
  size_t n;
  const char *p = mill_take_bytes(r, &n);
  mill_text_reset(out);
  return n ? mill_text_add(out, p, n, err) : MILL_OK;
}

static mill_status take_feeds(mill_query *q, mill_row_reader *r, bool intent, mill_error *err) {
  uint32_t n = mill_take_u32(r);
  if (!r->broken && n != (uint32_t)q->spec.nsources)
    return mill_fail(err, MILL_E_STREAMING_SOURCES_CHANGED, "stored", mill_error_fmt(err, "%u", n),
                     "requested", mill_error_fmt(err, "%d", q->spec.nsources), NULL);
  for (uint32_t i = 0; i < n && !r->broken; i++) {
    mill_query_feed *f = &q->feeds[i];
    MILL_TRY(take_text(r, intent ? &f->end : &f->start, err));
    if (mill_take_u32(r) == 0) continue;
    if (f->feed->state == NULL) {
      r->broken = true;
      break;
    }
    MILL_TRY(mill_store_apply(f->feed->state, r, err));
  }
  return MILL_OK;
}

static bool same(const char *p, size_t n, const char *q, size_t m) {
  return n == m && memcmp(p, q, n) == 0;
}

static const char *op_names(const mill_query *q, mill_error *err) {
  char names[512] = "";
  size_t used = 0;
  for (int i = 0; i < q->nops && used < sizeof names - 1; i++)
    used +=
        (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", q->ops[i]->name);
  return mill_error_fmt(err, "%s", names);
}

static mill_status other_operators(const mill_query *q, const char *stored, size_t n,
                                   mill_error *err) {
  return mill_fail(err, MILL_E_STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA,
                   "OpsInMetadataSeq", mill_error_fmt(err, "%.*s", (int)n, stored),
                   "OpsInCurBatchSeq", op_names(q, err), NULL);
}

static mill_status take_op(mill_query *q, int i, mill_row_reader *r, mill_error *err) {
  size_t nname, nkeys, nvalues;
  mill_stream_op *op = q->ops[i];
  const char *name = mill_take_bytes(r, &nname), *keys = mill_take_bytes(r, &nkeys),
             *values = mill_take_bytes(r, &nvalues);
  if (r->broken) return MILL_OK;
  if (!same(name, nname, op->name, strlen(op->name))) return other_operators(q, name, nname, err);
  if (!same(keys, nkeys, op->keys.data, op->keys.size))
    return mill_fail(err, MILL_E_STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE, "storedKeySchema",
                     mill_error_fmt(err, "%.*s", (int)nkeys, keys), "newKeySchema", op->keys.data,
                     NULL);
  if (!same(values, nvalues, op->values.data, op->values.size))
    return mill_fail(err, MILL_E_STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE, "storedValueSchema",
                     mill_error_fmt(err, "%.*s", (int)nvalues, values), "newValueSchema",
                     op->values.data, NULL);
  return mill_store_apply(&op->state, r, err);
}

static mill_status take_common(mill_query *q, mill_row_reader *r, bool intent, mill_error *err) {
  q->time = (int64_t)mill_take_u64(r);
  q->previous = (int64_t)mill_take_u64(r);
  q->force = (int64_t)mill_take_u64(r);
  uint32_t n = mill_take_u32(r);
  for (uint32_t i = 0; i < n && !r->broken; i++) {
    int64_t v = (int64_t)mill_take_u64(r);
    if (i < (uint32_t)q->nmarks) q->watermarks[i].value = v;
  }
  return take_feeds(q, r, intent, err);
}

mill_status mill_query_take_record(void *arg, mill_record kind, int64_t batch, const char *p,
                                   size_t n, mill_error *err) {
  mill_query *q = arg;
  mill_row_reader r = {p, p + n, false};
  bool intent = kind == MILL_RECORD_INTENT;
  if (kind == MILL_RECORD_BASE) {
    q->spec.policy_max = mill_take_u32(&r) != 0;
    q->batch = batch;
  } else if (batch != q->batch) {
    r.broken = true;
  }
  if (!r.broken) MILL_TRY(take_common(q, &r, intent, err));
  q->pending = intent;
  uint32_t nops = intent || r.broken ? 0 : mill_take_u32(&r);
  if (!intent && !r.broken && nops == 0 && q->nops > 0)
    return mill_fail(err, MILL_E_STREAMING_STATEFUL_OPERATOR_MISSING_STATE_DIRECTORY,
                     "OpsInCurBatchSeq", op_names(q, err), NULL);
  if (!intent && !r.broken && nops != (uint32_t)q->nops)
    return other_operators(q, mill_error_fmt(err, "%u operators", nops), 11, err);
  for (uint32_t i = 0; i < nops && !r.broken; i++) MILL_TRY(take_op(q, (int)i, &r, err));
  if (!intent && !r.broken) MILL_TRY(take_text(&r, &q->staged, err));
  if (r.broken || r.p != r.end)
    return mill_fail(
        err, MILL_E_CORRUPT_FILE, "path", q->spec.checkpoint ? q->spec.checkpoint : "", "reason",
        mill_error_fmt(err, "the record of batch %lld is no such record", (long long)batch), NULL);
  q->batch = intent ? batch : batch + 1;
  return MILL_OK;
}
