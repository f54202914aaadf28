/* The conditions of filters: what AND puts together, and which of them compare a column with a constant. */
#ifndef MILL_EXEC_CONDITION_H
#define MILL_EXEC_CONDITION_H

#include "column/test.h"
#include "kernel/bound.h"

/* The conditions that AND puts together, at out[0..) unless that is NULL; their number. */
int mill_conditions(const mill_bound *b, const mill_bound **out);
/* Put those first that cost least, as far as nobody can tell: of conditions beside each other that can
** neither fail nor draw at random, the ones that compare a column of numbers with a constant, then with
** few, then those of texts, then the others, each in their order. */
void mill_conditions_arrange(const mill_bound **list, int n);
/* Is it `column op constant`, or the other way round, a NOT of an equality, or `column IN (few constants)`?
** Then *out is the test, of the column of that number; its value is the constant itself, or all that are not
** null. */
bool mill_condition_test(const mill_bound *b, mill_test *out);

#endif
