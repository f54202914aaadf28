/* Spark's type coercion under ANSI mode (AnsiTypeCoercion): which implicit casts exist, common
** types. All functions are pure; `types` is the pool that new types come from. NULL results mean
** "none". */
#ifndef MILL_KERNEL_COERCE_H
#define MILL_KERNEL_COERCE_H

#include "column/type.h"

/* The type that both widen to without loss (findTightestCommonType, then wider rules for decimals,
** strings, nested types: findWiderTypeForTwo), as CASE, COALESCE, set operations, IN, comparisons
** use it. */
const mill_type *mill_common_type(mill_types *types, const mill_type *a, const mill_type *b);
/* The same for columns that stand one below the other, where texts of different collations do not fit. */
const mill_type *mill_common_column(mill_types *types, const mill_type *a, const mill_type *b);
/* The type that two operands are compared in: their common one, or, where only the names of fields and
** what may be null differ, the first; NULL: they cannot be. */
const mill_type *mill_compared_type(mill_types *types, const mill_type *a, const mill_type *b);
/* Does their common type, at any depth, stand on a text that is read as something else? */
bool mill_promotes_text(const mill_type *a, const mill_type *b);
/* The same for an operator, which unlike IN does not look for a wider type of what is nested. */
const mill_type *mill_operand_type(mill_types *types, const mill_type *a, const mill_type *b);
/* Do the two differ in nothing but names and nullability? */
bool mill_same_shape(const mill_type *a, const mill_type *b);
/* The common type of two rows of an inline table: texts take no other type. */
const mill_type *mill_common_value(mill_types *types, const mill_type *a, const mill_type *b);
/* The type of DECIMAL that holds every value of an integral or decimal type. */
const mill_type *mill_decimal_for(mill_types *types, const mill_type *t);
/* May `from` become `to` implicitly as a function argument (implicitCast)? `foldable`: the argument
** is a literal. */
bool mill_implicit_cast(const mill_type *from, const mill_type *to, bool foldable);
/* May CAST(from AS to) be written at all: under ANSI rules, in try_cast, with ANSI off? */
bool mill_can_cast(const mill_type *from, const mill_type *to, bool ansi);
/* Store assignment (INSERT, UPDATE; ANSI policy). */
bool mill_can_store(const mill_type *from, const mill_type *to);

#endif
