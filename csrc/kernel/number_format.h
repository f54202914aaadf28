/* Number formats of to_char and to_number: '$99G999D99S' and its like.
**
**     [MI|S] [$] [0 9 , G ..] [. D] [0 9 ..] [$] [PR|MI|S]      letters in any case
**
** Digits stand for digits: a run that begins with 0 in front of the point for exactly so many, any other
** for at most so many. A point may be missing where a number is read. */
#ifndef MILL_KERNEL_NUMBER_FORMAT_H
#define MILL_KERNEL_NUMBER_FORMAT_H

#include "base/decimal.h"

typedef struct mill_number_format mill_number_format;

/* Compile a format; what is none is INVALID_FORMAT with the part at fault. All of it is in the arena. */
mill_status mill_number_format_new(mill_arena *a, const char *text, size_t n,
                                   mill_number_format **out, mill_error *err) MILL_USE_RESULT;
/* Digits in all and behind the point. */
int mill_number_format_precision(const mill_number_format *f);
int mill_number_format_scale(const mill_number_format *f);
/* The format as messages show it: in upper case. */
const char *mill_number_format_text(const mill_number_format *f);
/* The unscaled value of a text; false: the text is none of the format. */
bool mill_number_format_read(const mill_number_format *f, const char *p, size_t n, mill_i128 *out);
/* A number as text into `out`, which has mill_number_format_room bytes; returns its length. Digits that have
** no place make all of them '#'. */
size_t mill_number_format_room(const mill_number_format *f);
size_t mill_number_format_write(const mill_number_format *f, mill_i128 v, int scale, char *out);

#endif
