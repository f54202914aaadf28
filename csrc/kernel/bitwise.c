/* Bits: and, or, xor, not; counting, reading, shifting. Shifts take the count modulo the width, as
** Java does. */
#include "kernel/coerce.h"
#include "kernel/kernel_int.h"

#define OPERATORS(S, T)                                                                            \
  MILL_KERNEL2(and_##S, T, T, T, x &y)                                                             \
  MILL_KERNEL2(or_##S, T, T, T, x | y)                                                             \
  MILL_KERNEL2(xor_##S, T, T, T, x ^ y)                                                            \
  MILL_KERNEL1(not_##S, T, T, ~x)
OPERATORS(i8, int8_t)
OPERATORS(i16, int16_t)
OPERATORS(i32, int32_t)
OPERATORS(i64, int64_t)

#define BY_WIDTH(NAME)                                                                             \
  { NAME##_i8, NAME##_i16, NAME##_i32, NAME##_i64 }

static mill_kernel operator_kernel(const char *name, const mill_type *t) {
  static const mill_kernel and_of[] = BY_WIDTH(and), or_of[] = BY_WIDTH(or);
  static const mill_kernel xor_of[] = BY_WIDTH(xor), not_of[] = BY_WIDTH(not );
  int at = t->id - MILL_TINYINT;
  switch (*name) {
  case '&': return and_of[at];
  case '|': return or_of[at];
  case '^': return xor_of[at];
  default: return not_of[at];
  }
}

/* Two integers of their common type; a text beside one is a BIGINT. */
static mill_status bind_operator(mill_binding *b, mill_error *err) {
  const mill_type *x = b->arg_type[0], *y = b->arg_type[1];
  const mill_type *t = x == y ? x : mill_common_type(b->ctx->types, x, y);
  bool null = t && t->id == MILL_NULL;
  if (x != y && (t == NULL || !mill_type_integral(t))) return mill_bind_operands_differ(b, err);
  if (null) t = mill_type_of(MILL_INT);
  if (!mill_type_integral(t)) return mill_bind_operand_wrong(b, t, "\"INTEGRAL\"", err);
  b->cast_to[0] = b->cast_to[1] = b->result = t;
  b->kernel = operator_kernel(b->fn->name, t);
  return MILL_OK;
}

static mill_status bind_not(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "integral -> $1", err));
  b->kernel = operator_kernel("~", b->result);
  return MILL_OK;
}

MILL_KERNEL1(count_i8, int8_t, int32_t, __builtin_popcountll((uint64_t)(int64_t)x))
MILL_KERNEL1(count_i16, int16_t, int32_t, __builtin_popcountll((uint64_t)(int64_t)x))
MILL_KERNEL1(count_i32, int32_t, int32_t, __builtin_popcountll((uint64_t)(int64_t)x))
MILL_KERNEL1(count_i64, int64_t, int32_t, __builtin_popcountll((uint64_t)x))

static mill_status bind_count(mill_binding *b, mill_error *err) {
  static const mill_kernel by_width[] = {
      [1] = count_i8, [2] = count_i16, [4] = count_i32, [8] = count_i64};
  if (b->arg_type[0]->id == MILL_STRING)
    return mill_bind_wrong_type(b, 0, "(\"INTEGRAL\" or \"BOOLEAN\")", err);
  MILL_TRY(mill_bind_types(b, "integral|boolean -> int", err));
  b->kernel = by_width[b->cast_to[0]->width];
  return MILL_OK;
}

static mill_status k_get(mill_call *call, const mill_vector *const *args, size_t n,
                         mill_vector *out, mill_error *err) {
  int32_t bits = args[0]->type->width * 8;
  int8_t *r = out->data;
  MILL_EACH(out, n, i) {
    int32_t at = MILL_AT(int32_t, args[1], i);
    if (at < 0 || at >= bits)
      return mill_call_fail(call, err, MILL_E_INVALID_PARAMETER_VALUE_BIT_POSITION_RANGE,
                            "functionName", mill_error_fmt(err, "`%s`", call->fn->name),
                            "parameter", "`pos`", "upper", mill_error_fmt(err, "%d", (int)bits),
                            "invalidValue", mill_error_fmt(err, "%d", (int)at), NULL);
    r[i] = (int8_t)((int64_t)mill_int_at(args[0], i) >> at & 1);
  }
  return MILL_OK;
}

#define SHIFTS(NAME, T, U)                                                                         \
  MILL_KERNEL2(left_##NAME, T, int32_t, T, (U)x << (y & (int)(8 * sizeof(T) - 1)))                 \
  MILL_KERNEL2(right_##NAME, T, int32_t, T, x >> (y & (int)(8 * sizeof(T) - 1)))                   \
  MILL_KERNEL2(unsigned_##NAME, T, int32_t, T, (U)x >> (y & (int)(8 * sizeof(T) - 1)))
SHIFTS(i32, int32_t, uint32_t)
SHIFTS(i64, int64_t, uint64_t)

static mill_status bind_shift(mill_binding *b, mill_error *err) {
  MILL_TRY(mill_bind_types(b, "int|bigint, int -> $1", err));
  bool wide = b->cast_to[0]->id == MILL_BIGINT;
  const char *name = b->fn->name;
  if (strcmp(name, "<<") == 0 || strcmp(name, "shiftleft") == 0)
    b->kernel = wide ? left_i64 : left_i32;
  else if (strcmp(name, ">>") == 0 || strcmp(name, "shiftright") == 0)
    b->kernel = wide ? right_i64 : right_i32;
  else
    b->kernel = wide ? unsigned_i64 : unsigned_i32;
  return MILL_OK;
}

#define SHIFT(NAME, FLAGS, USAGE, DOC, EXAMPLE)                                                    \
  {                                                                                                \
    .name = NAME, .types = "int|bigint, int", .bind = bind_shift,                                  \
    .flags = MILL_FN_NO_RAISE | (FLAGS), .usage = USAGE, .doc = DOC, .example = EXAMPLE            \
  }

#define OPERATOR(NAME, DOC, EXAMPLE)                                                               \
  {                                                                                                \
    .name = NAME, .types = "any, any", .bind = bind_operator,                                      \
    .flags = MILL_FN_OPERATOR | MILL_FN_NO_RAISE, .usage = "expr1 " NAME " expr2", .doc = DOC,     \
    .example = EXAMPLE                                                                             \
  }

const mill_function mill_family_bitwise[] = {
    OPERATOR("&", "The bits that both have.", "SELECT 3 & 5 -> 1"),
    OPERATOR("|", "The bits that one has.", "SELECT 3 | 5 -> 7"),
    OPERATOR("^", "The bits that only one has.", "SELECT 3 ^ 5 -> 6"),
    {.name = "~",
     .types = "integral",
     .bind = bind_not,
     .flags = MILL_FN_OPERATOR | MILL_FN_NO_RAISE,
     .usage = "~ expr",
     .doc = "The bits turned over.",
     .example = "SELECT ~ 0 -> -1"},
    {.name = "bit_count",
     .types = "integral|boolean",
     .bind = bind_count,
     .flags = MILL_FN_NO_RAISE,
     .usage = "bit_count(expr)",
     .doc = "The number of bits that are set, of the value widened to 64 bits.",
     .example = "SELECT bit_count(7) -> 3"},
    {.name = "bit_get",
     .types = "integral, int -> tinyint",
     .kernel = k_get,
     .usage = "bit_get(expr, pos)",
     .doc = "The bit at a position counted from the right, from 0.",
     .example = "SELECT bit_get(11, 2) -> 0"},
    {.name = "getbit",
     .types = "integral, int -> tinyint",
     .kernel = k_get,
     .usage = "getbit(expr, pos)",
     .doc = "The bit at a position counted from the right, from 0.",
     .example = "SELECT getbit(11, 0) -> 1"},
    SHIFT("<<", MILL_FN_OPERATOR, "base << exponent", "The value shifted left.",
          "SELECT 2 << 1 -> 4"),
    SHIFT(">>", MILL_FN_OPERATOR, "base >> exponent", "The value shifted right with its sign.",
          "SELECT -8 >> 1 -> -4"),
    SHIFT(">>>", MILL_FN_OPERATOR, "base >>> exponent", "The bits shifted right, zeros in front.",
          "SELECT -8 >>> 1 -> 2147483644"),
    SHIFT("shiftleft", 0, "shiftleft(base, exponent)", "The value shifted left.",
          "SELECT shiftleft(2, 1) -> 4"),
    SHIFT("shiftright", 0, "shiftright(base, exponent)", "The value shifted right with its sign.",
          "SELECT shiftright(4, 1) -> 2"),
    SHIFT("shiftrightunsigned", 0, "shiftrightunsigned(base, exponent)",
          "The bits shifted right, zeros in front.", "SELECT shiftrightunsigned(4, 1) -> 2"),
    {0}};
