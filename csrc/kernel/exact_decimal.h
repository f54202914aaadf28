/* What a sum, a product or a quotient of decimals would be if its type had room: texts for errors. `text` has
** MILL_EXACT_TEXT bytes. */
#ifndef MILL_KERNEL_EXACT_DECIMAL_H
#define MILL_KERNEL_EXACT_DECIMAL_H

#include "base/decimal.h"

enum { MILL_EXACT_TEXT = 160 };

void mill_exact_sum(mill_i128 a, int sa, mill_i128 b, int sb, char *text);
void mill_exact_product(mill_i128 a, int sa, mill_i128 b, int sb, char *text);
/* To `scale` digits; false: not told, the divisor is too long. */
bool mill_exact_quotient(mill_i128 a, int sa, mill_i128 b, int sb, int scale, char *text);

#endif
