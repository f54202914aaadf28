/* Path patterns; see glob.h. Braces are expanded first, so that what is left is matched name by name
** with the classic two-pointer scan: linear but for one remembered star. */
#include "base/glob.h"

#include <string.h>

enum { GLOB_ALTERNATIVES = 10000, GLOB_LENGTH = 65536 };

bool mill_glob_magic(const char *pattern) { return strpbrk(pattern, "*?[{\\") != NULL; }

static mill_status malformed(const char *pattern, const char *why, mill_error *err) {
  return mill_fail(err, MILL_E_INVALID_PATTERN_GLOB, "pattern", mill_error_fmt(err, "%s", pattern),
                   "reason", why, NULL);
}

/* ---- braces --------------------------------------------------------------------------------- */

/* The first brace that is not escaped or in a class; NULL: none. */
static const char *find_brace(const char *p) {
  for (bool in_class = false; *p; p++) {
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '[')
      in_class = true;
    else if (*p == ']')
      in_class = false;
    else if (*p == '{' && !in_class)
      return p;
  }
  return NULL;
}

/* From behind an open brace to its comma or end at the same level; NULL: never closed. */
static const char *alternative_end(const char *p) {
  for (int depth = 0; *p; p++) {
    if (*p == '\\' && p[1])
      p++;
    else if (*p == '{')
      depth++;
    else if (*p == '}' && depth-- == 0)
      return p;
    else if (*p == ',' && depth == 0)
      return p;
  }
  return NULL;
}

static const char *brace_end(const char *open) {
  const char *end = open;
  do end = alternative_end(end + 1);
  while (end && *end == ',');
  return end;
}

/* Replace the first brace of work[at] by its first alternative; the others are added to the list. */
static mill_status split_brace(mill_names *work, size_t at, mill_error *err) {
  const char *p = work->name[at], *open = find_brace(p), *close = brace_end(open);
  if (!close) return malformed(p, "a { is not closed", err);
  mill_text t;
  mill_text_init(&t, work->arena.memory);
  mill_status s = MILL_OK;
  bool first = true;
  for (const char *from = open + 1; s == MILL_OK; first = false) {
    const char *to = alternative_end(from);
    mill_text_reset(&t);
    s = mill_text_add(&t, p, (size_t)(open - p), err);
    if (s == MILL_OK) s = mill_text_add(&t, from, (size_t)(to - from), err);
    if (s == MILL_OK) s = mill_text_adds(&t, close + 1, err);
    if (s == MILL_OK) s = mill_names_add(work, t.data ? t.data : "", err);
    if (s == MILL_OK && first) work->name[at] = work->name[--work->n];
    if (s == MILL_OK && work->n > GLOB_ALTERNATIVES)
      s = malformed(p, "its braces stand for too many names", err);
    if (to == close) break;
    from = to + 1;
  }
  mill_text_clear(&t);
  return s;
}

static mill_status expand_braces(const char *pattern, mill_names *work, mill_error *err) {
  if (strlen(pattern) > GLOB_LENGTH) return malformed("(long)", "it is too long", err);
  MILL_TRY(mill_names_add(work, pattern, err));
  for (size_t i = 0; i < work->n;)
    if (find_brace(work->name[i]))
      MILL_TRY(split_brace(work, i, err));
    else
      i++;
  return MILL_OK;
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Behind the class at p; *hit tells whether c is in it. NULL: never closed. */
static const char *match_class(const char *p, char c, bool *hit) {
  bool negate = p[1] == '^' || p[1] == '!', in = false;
  p += negate ? 2 : 1;
  for (bool first = true; *p && (*p != ']' || first); first = false) {
    if (*p == '\\' && p[1]) p++;
    unsigned char low = (unsigned char)*p++, high = low;
    if (*p == '-' && p[1] && p[1] != ']') {
      p += p[1] == '\\' && p[2] ? 2 : 1;
      high = (unsigned char)*p++;
    }
    in |= low <= (unsigned char)c && (unsigned char)c <= high;
  }
  *hit = in != negate;
  return *p == ']' ? p + 1 : NULL;
}

/* Bytes of the UTF-8 character at s. */
static size_t step(const char *s) {
  size_t n = 1;
  while (((unsigned char)s[n] & 0xc0) == 0x80) n++;
  return n;
}

/* Does the pattern's first item match the name's first character? Moves both on. */
static bool match_one(const char **pattern, const char **name) {
  const char *p = *pattern;
  bool hit = false;
  if (*p == '?') {
    *name += step(*name);
    *pattern = p + 1;
    return true;
  }
  if (*p == '[') {
    p = match_class(p, **name, &hit);
  } else {
    if (*p == '\\' && p[1]) p++;
    hit = *p == **name;
    p++;
  }
  if (!hit || !p) return false;
  *pattern = p;
  *name += 1;
  return true;
}

static bool match_name(const char *p, const char *s) {
  const char *star = NULL, *back = NULL;
  while (*s) {
    if (*p == '*') {
      star = ++p;
      back = s;
    } else if (*p && match_one(&p, &s)) {
      continue;
    } else if (star) {
      p = star;
      s = ++back;
    } else {
      return false;
    }
  }
  while (*p == '*') p++;
  return *p == 0;
}

static mill_status check_classes(const char *p, mill_error *err) {
  const char *start = p;
  bool hit;
  while (*p) {
    if (*p == '\\') {
      if (!p[1]) return malformed(start, "it ends in \\", err);
      p += 2;
    } else if (*p == '[') {
      p = match_class(p, 'x', &hit);
      if (!p) return malformed(start, "a [ is not closed", err);
    } else {
      p++;
    }
  }
  return MILL_OK;
}

mill_status mill_glob_match(mill_memory *m, const char *pattern, const char *name, bool *out,
                            mill_error *err) {
  mill_names work;
  mill_names_init(&work, m);
  *out = false;
  mill_status s = expand_braces(pattern, &work, err);
  for (size_t i = 0; i < work.n && s == MILL_OK && !*out; i++) {
    s = check_classes(work.name[i], err);
    if (s == MILL_OK) *out = match_name(work.name[i], name);
  }
  mill_names_clear(&work);
  return s;
}

/* ---- paths ---------------------------------------------------------------------------------- */

typedef struct globber {
  const mill_files *files;
  mill_memory *memory;
  mill_names *out;
  mill_error *err;
} globber;

static mill_status descend(const globber *g, const char *base, const char *rest);

/* A component without magic: its escapes resolved, appended to base. */
static mill_status plain_step(const globber *g, const char *base, const char *part, size_t n,
                              const char *rest) {
  mill_text t;
  mill_text_init(&t, g->memory);
  mill_status s = mill_text_adds(&t, base, g->err);
  for (size_t i = 0; i < n && s == MILL_OK; i++) {
    if (part[i] == '\\' && i + 1 < n) i++;
    s = mill_text_addc(&t, part[i], g->err);
  }
  mill_file_info info;
  if (s == MILL_OK) s = mill_file_stat(g->files, t.data ? t.data : "", &info, g->err);
  if (s == MILL_OK && info.exists) s = descend(g, t.data, rest);
  mill_text_clear(&t);
  return s;
}

static mill_status magic_step(const globber *g, const char *base, const char *part,
                              const char *rest) {
  mill_names names;
  mill_text t;
  mill_file_info info;
  MILL_TRY(mill_file_stat(g->files, *base ? base : ".", &info, g->err));
  if (!info.exists || !info.folder) return MILL_OK;
  mill_names_init(&names, g->memory);
  mill_text_init(&t, g->memory);
  mill_status s = mill_folder_list(g->files, *base ? base : ".", &names, g->err);
  for (size_t i = 0; i < names.n && s == MILL_OK; i++) {
    if (!match_name(part, names.name[i])) continue;
    mill_text_reset(&t);
    s = mill_text_printf(&t, g->err, "%s%s", base, names.name[i]);
    if (s == MILL_OK) s = descend(g, t.data, rest);
  }
  mill_text_clear(&t);
  mill_names_clear(&names);
  return s;
}

/* `base` exists; match what is left of the pattern below it. */
static mill_status descend(const globber *g, const char *base, const char *rest) {
  if (!*rest) return mill_names_add(g->out, base, g->err);
  mill_text path, part;
  mill_text_init(&path, g->memory);
  mill_text_init(&part, g->memory);
  mill_status s = mill_text_adds(&path, base, g->err);
  while (*rest == '/' && s == MILL_OK) {
    if (!path.size || path.data[path.size - 1] != '/') s = mill_text_addc(&path, '/', g->err);
    rest++;
  }
  size_t n = strcspn(rest, "/");
  if (s == MILL_OK) s = mill_text_add(&part, rest, n, g->err);
  const char *at = path.data ? path.data : "";
  if (s == MILL_OK && n == 0)
    s = mill_names_add(g->out, base, g->err);
  else if (s == MILL_OK && strpbrk(part.data, "*?["))
    s = magic_step(g, at, part.data, rest + n);
  else if (s == MILL_OK)
    s = plain_step(g, at, part.data, n, rest + n);
  mill_text_clear(&path);
  mill_text_clear(&part);
  return s;
}

static void drop_doubles(mill_names *l) {
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++)
    if (n == 0 || strcmp(l->name[n - 1], l->name[i]) != 0) l->name[n++] = l->name[i];
  l->n = n;
}

mill_status mill_glob_expand(const mill_files *fs, mill_memory *m, const char *pattern,
                             mill_names *out, mill_error *err) {
  mill_names work, found;
  mill_names_init(&work, m);
  mill_names_init(&found, m);
  globber g = {fs, m, &found, err};
  mill_status s = expand_braces(pattern, &work, err);
  for (size_t i = 0; i < work.n && s == MILL_OK; i++) {
    s = check_classes(work.name[i], err);
    if (s == MILL_OK && work.name[i][0]) s = descend(&g, "", work.name[i]);
  }
  mill_names_sort(&found);
  drop_doubles(&found);
  for (size_t i = 0; i < found.n && s == MILL_OK; i++) s = mill_names_add(out, found.name[i], err);
  mill_names_clear(&work);
  mill_names_clear(&found);
  return s;
}
