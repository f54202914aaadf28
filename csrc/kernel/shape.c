/* Shapes on a plane (GEOMETRY) and on the earth (GEOGRAPHY): st_geomfromwkb, st_geogfromwkb, st_asbinary,
** st_srid, st_setsrid. A value is its SRID in four bytes, little-endian, and little-endian WKB
** (base/wkb.h). The type has the SRID too where it is known beforehand. */
#include "base/wkb.h"

#include <strings.h>

#include "kernel/bytes_int.h"

static void put_srid(char *p, int32_t srid) {
  for (int k = 0; k < MILL_SHAPE_HEAD; k++) p[k] = (char)((uint32_t)srid >> 8 * k);
}

static int32_t srid_of(bytes shape) {
  uint32_t v = 0;
  for (int k = 0; k < MILL_SHAPE_HEAD; k++) v |= (uint32_t)(uint8_t)shape.p[k] << 8 * k;
  return (int32_t)v;
}

static mill_status bad_srid(mill_call *call, int32_t srid, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_ST_INVALID_SRID_VALUE, "srid",
                        mill_error_fmt(err, "%d", (int)srid), NULL);
}

static mill_status bad_wkb(mill_call *call, const mill_wkb_fault *fault, mill_error *err) {
  return mill_call_fail(call, err, MILL_E_WKB_PARSE_ERROR, "parseError",
                        mill_error_fmt(err, "%s", fault->text), "pos",
                        mill_error_fmt(err, "%zu", fault->at), NULL);
}

static mill_status read_shape(mill_call *call, bytes wkb, int32_t srid, bool earth,
                              mill_vector *out, size_t i, mill_error *err) {
  char *p = NULL;
  size_t made = 0;
  mill_wkb_fault fault;
  MILL_TRY(mill_bytes_take(call, MILL_SHAPE_HEAD + wkb.n, &p, err));
  put_srid(p, srid);
  if (!mill_wkb_copy(wkb.p, wkb.n, earth, true, p + MILL_SHAPE_HEAD, &made, &fault))
    return bad_wkb(call, &fault, err);
  ((mill_str *)out->data)[i] = mill_str_done(call, p, MILL_SHAPE_HEAD + made);
  return MILL_OK;
}

KERNEL_HEAD(k_geometry) {
  MILL_EACH(out, n, i) {
    int32_t srid = MILL_AT(int32_t, args[1], i);
    if (!mill_srid_known(srid, false)) return bad_srid(call, srid, err);
    MILL_TRY(read_shape(call, bytes_at(args[0], i), srid, false, out, i, err));
  }
  return MILL_OK;
}

KERNEL_HEAD(k_geography) {
  MILL_EACH(out, n, i)
  MILL_TRY(read_shape(call, bytes_at(args[0], i), MILL_SRID_EARTH, true, out, i, err));
  return MILL_OK;
}

KERNEL_HEAD(k_bytes) {
  MILL_EACH(out, n, i) {
    bytes shape = bytes_at(args[0], i), order = bytes_at(args[1], i);
    bool little = order.n == 3 && strncasecmp(order.p, "NDR", 3) == 0;
    char *p = NULL;
    size_t made = 0;
    mill_wkb_fault fault;
    if (!little && (order.n != 3 || strncasecmp(order.p, "XDR", 3) != 0))
      return mill_call_fail(call, err, MILL_E_ST_INVALID_ENDIANNESS_VALUE, "endianness",
                            mill_error_fmt(err, "%.*s", (int)order.n, order.p), NULL);
    if (little) { /* as the value has it */
      put_view(out, i, shape.p + MILL_SHAPE_HEAD, shape.n - MILL_SHAPE_HEAD);
      continue;
    }
    MILL_TRY(mill_bytes_take(call, shape.n, &p, err));
    if (!mill_wkb_copy(shape.p + MILL_SHAPE_HEAD, shape.n - MILL_SHAPE_HEAD, false, little, p,
                       &made, &fault))
      return bad_wkb(call, &fault, err);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, made);
  }
  return MILL_OK;
}

KERNEL_HEAD(k_srid) {
  int32_t *r = out->data;
  (void)call, (void)err;
  MILL_EACH(out, n, i) r[i] = srid_of(bytes_at(args[0], i));
  return MILL_OK;
}

KERNEL_HEAD(k_set_srid) {
  bool earth = out->type->id == MILL_GEOGRAPHY;
  MILL_EACH(out, n, i) {
    bytes shape = bytes_at(args[0], i);
    int32_t srid = MILL_AT(int32_t, args[1], i);
    char *p = NULL;
    if (!mill_srid_known(srid, earth)) return bad_srid(call, srid, err);
    MILL_TRY(mill_bytes_take(call, shape.n, &p, err));
    memcpy(p, shape.p, shape.n);
    put_srid(p, srid);
    ((mill_str *)out->data)[i] = mill_str_done(call, p, shape.n);
  }
  return MILL_OK;
}

/* The type tells the SRID where the second argument is a literal of it: else each value does. */
static mill_status bind_srid(mill_binding *b, mill_type_id id, mill_error *err) {
  uint32_t srid = MILL_SRID_ANY;
  const mill_vector *v = b->arg_value[1];
  if (v && b->arg_type[1]->id == MILL_INT && mill_vector_valid(v, 0)) {
    int32_t said = MILL_AT(int32_t, v, 0);
    if (!mill_srid_known(said, id == MILL_GEOGRAPHY))
      return mill_fail(err, MILL_E_ST_INVALID_SRID_VALUE, "srid",
                       mill_error_fmt(err, "%d", (int)said), NULL);
    srid = (uint32_t)said;
  }
  b->result = mill_type_shape(b->ctx->types, id, srid);
  return b->result ? MILL_OK : mill_oom(b->ctx->memory, sizeof *b->result, err);
}

static mill_status bind_geometry(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "binary, int -> geometry", err));
  MILL_TRY(bind_srid(b, MILL_GEOMETRY, err));
  b->nullable |= b->result->length == MILL_SRID_ANY && b->arg_value[1];
  return MILL_OK;
}

static mill_status bind_set_srid(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "!geography|geometry, int -> $1", err));
  return bind_srid(b, b->result->id, err);
}

#define DEF(NAME, TYPES, KERNEL, BIND, FILL, USAGE, DOC, EXAMPLE)                                  \
  {                                                                                                \
    .name = NAME, .types = TYPES, .kernel = KERNEL, .bind = BIND, .fill = FILL, .usage = USAGE,    \
    .doc = DOC, .example = EXAMPLE                                                                 \
  }
#define SPOT "X'0101000000000000000000F03F0000000000000040'"

const mill_function mill_family_shape[] = {
    DEF("st_geomfromwkb", "binary, int?", k_geometry, bind_geometry, ", 0",
        "st_geomfromwkb(wkb[, srid])", "The GEOMETRY that well-known binary describes.",
        "SELECT st_srid(st_geomfromwkb(" SPOT ", 3857)) -> 3857"),
    DEF("st_geogfromwkb", "binary -> geography", k_geography, NULL, NULL, "st_geogfromwkb(wkb)",
        "The GEOGRAPHY that well-known binary describes, in degrees.",
        "SELECT st_srid(st_geogfromwkb(" SPOT ")) -> 4326"),
    DEF("st_asbinary", "!geography|geometry, string? -> binary", k_bytes, NULL, ", 'NDR'",
        "st_asbinary(geo[, endianness])",
        "A shape as well-known binary, little-endian (NDR) or big-endian (XDR).",
        "SELECT hex(st_asbinary(st_geomfromwkb(" SPOT "), 'XDR')) -> "
        "00000000013FF00000000000004000000000000000"),
    DEF("st_srid", "!geography|geometry -> int", k_srid, NULL, NULL, "st_srid(geo)",
        "The number of a shape's spatial reference system.",
        "SELECT st_srid(st_geomfromwkb(" SPOT ")) -> 0"),
    DEF("st_setsrid", "!geography|geometry, int", k_set_srid, bind_set_srid, NULL,
        "st_setsrid(geo, srid)", "The shape in another spatial reference system, its numbers kept.",
        "SELECT st_srid(st_setsrid(st_geomfromwkb(" SPOT "), 4326)) -> 4326"),
    {0}};
