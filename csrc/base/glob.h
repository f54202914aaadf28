/* Path patterns as Hadoop has them: * ? [abc] [a-z] [^a] {a,b{c,d}} and \ before any of these.
**
** * and ? stay within a folder name. Names that begin with "." are matched like others; which files
** a reader takes is its own rule. */
#ifndef MILL_BASE_GLOB_H
#define MILL_BASE_GLOB_H

#include "base/file.h"

bool mill_glob_magic(const char *pattern); /* is it a pattern at all? */
/* One name against a pattern without "/". INVALID_PATTERN_GLOB when it is malformed. */
mill_status mill_glob_match(mill_memory *m, const char *pattern, const char *name, bool *out,
                            mill_error *err) MILL_USE_RESULT;
/* Add the paths that exist and match, sorted, each once. */
mill_status mill_glob_expand(const mill_files *fs, mill_memory *m, const char *pattern,
                             mill_names *out, mill_error *err) MILL_USE_RESULT;

#endif
