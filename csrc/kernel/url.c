/* parse_url: parts of a URL as java.net.URI takes them apart. Texts with characters that no URL may
** hold are errors in ANSI mode, null in try_parse_url and else. */
#include "kernel/bytes_int.h"

typedef struct url {
  bytes scheme, authority, user, host, path, query, fragment;
} url;

static const bytes NONE = {NULL, 0};

static bytes cut(const char *from, const char *to) { return (bytes){from, (size_t)(to - from)}; }

/* Bits of the characters from ' ' to '_' and from '`' on that no URL may hold. */
static const uint64_t OUTLAWS[] = {1ull << 0 | 1ull << ('"' - 32) | 1ull << ('<' - 32) |
                                       1ull << ('>' - 32) | 1ull << ('\\' - 32) |
                                       1ull << ('^' - 32),
                                   1ull << ('`' - 96) | 1ull << ('{' - 96) | 1ull << ('|' - 96) |
                                       1ull << ('}' - 96) | 1ull << (127 - 96)};

static bool outlawed(unsigned char c) {
  return c < ' ' || (c < 128 && (OUTLAWS[c >= '`'] >> ((c - 32) & 63) & 1));
}

static bool hex(char c) {
  return (unsigned char)(c - '0') < 10 || (unsigned char)((c | 32) - 'a') < 6;
}

static bool legal(bytes s, const bool *odd) {
  for (size_t k = 0; k < s.n; k++) {
    if (!odd[(unsigned char)s.p[k]]) continue;
    if (s.p[k] != '%' || k + 2 >= s.n || !hex(s.p[k + 1]) || !hex(s.p[k + 2])) return false;
  }
  return true;
}

static void read_authority(url *u) {
  const char *p = u->authority.p, *end = p + u->authority.n;
  const char *at = memchr(p, '@', u->authority.n);
  if (at) u->user = cut(p, at), p = at + 1;
  const char *close = p < end && *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
  const char *colon = close ? close + 1 : memchr(p, ':', (size_t)(end - p));
  u->host = cut(p, colon && colon < end ? colon : end);
  if (u->host.n == 0) u->host = NONE;
}

static bool read_url(bytes s, const bool *odd, url *u) {
  const char *p = s.p, *end = s.p + s.n, *q;
  *u = (url){NONE, NONE, NONE, NONE, NONE, NONE, NONE};
  if (!legal(s, odd)) return false;
  if ((q = memchr(p, '#', s.n)) != NULL) u->fragment = cut(q + 1, end), end = q;
  q = p;
  while (q < end && *q != ':' && *q != '/' && *q != '?') q++;
  if (q < end && *q == ':') {
    if (q == p) return false;
    u->scheme = cut(p, q);
    p = q + 1;
    if (p < end && *p != '/') return true; /* opaque: only a scheme */
  }
  if ((q = memchr(p, '?', (size_t)(end - p))) != NULL) u->query = cut(q + 1, end), end = q;
  if (end - p >= 2 && p[0] == '/' && p[1] == '/') {
    p += 2;
    for (q = p; q < end && *q != '/'; q++) {
    }
    u->authority = cut(p, q);
    read_authority(u);
    p = q;
  }
  u->path = cut(p, end);
  return true;
}

/* The value of a member of the query. */
static bytes query_value(bytes query, bytes key) {
  if (query.p == NULL) return NONE;
  const char *p = query.p, *end = query.p + query.n;
  while (p < end) {
    const char *stop = memchr(p, '&', (size_t)(end - p));
    if (stop == NULL) stop = end;
    if ((size_t)(stop - p) > key.n && memcmp(p, key.p, key.n) == 0 && p[key.n] == '=')
      return cut(p + key.n + 1, stop);
    p = stop + 1;
  }
  return NONE;
}

static bytes part_of(const url *u, bytes part) {
  static const char *const names[] = {"HOST",     "PATH",      "QUERY",   "REF",
                                      "PROTOCOL", "AUTHORITY", "USERINFO"};
  const bytes parts[] = {u->host, u->path, u->query, u->fragment, u->scheme, u->authority, u->user};
  for (int k = 0; k < 7; k++)
    if (strlen(names[k]) == part.n && memcmp(names[k], part.p, part.n) == 0) return parts[k];
  if (part.n != 4 || memcmp(part.p, "FILE", 4) != 0 || u->path.p == NULL) return NONE;
  return u->query.p ? cut(u->path.p, u->query.p + u->query.n) : u->path;
}

KERNEL_HEAD(k_parse_url) {
  bool lenient = *call->fn->name == 't' || !call->set->ansi;
  bool odd[256]; /* what is no character of a URL, or begins an escape */
  for (unsigned c = 0; c < 256; c++) odd[c] = c == '%' || outlawed((unsigned char)c);
  MILL_EACH(out, n, i) {
    bytes s = bytes_at(args[0], i), part = bytes_at(args[1], i), found = NONE;
    url u;
    if (read_url(s, odd, &u))
      found = part_of(&u, part);
    else if (!lenient)
      return mill_call_fail(call, err, MILL_E_INVALID_URL, "url",
                            mill_error_fmt(err, "%.*s", (int)s.n, s.p), NULL);
    bool query = part.n == 5 && memcmp(part.p, "QUERY", 5) == 0;
    if (call->nargs > 2) found = query ? query_value(found, bytes_at(args[2], i)) : NONE;
    if (found.p == NULL)
      MILL_TRY(mill_set_null(call, out, i, err));
    else
      put_view(out, i, found.p, found.n);
  }
  return MILL_OK;
}

#define URL(NAME, DOC)                                                                             \
  {                                                                                                \
    .name = NAME, .types = "!string, !string, !string? -> string", .kernel = k_parse_url,          \
    .flags = MILL_FN_NULLABLE, .usage = NAME "(url, partToExtract[, key])", .doc = DOC,            \
    .example =                                                                                     \
        "SELECT " NAME "('http://spark.apache.org/path?query=1', 'HOST') -> spark.apache.org"      \
  }

const mill_function mill_family_url[] = {
    URL("parse_url", "A part of a URL, or the value of a key in its query."),
    URL("try_parse_url", "As parse_url, null where the text is no URL."),
    {0}};
