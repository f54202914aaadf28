/* Compressed byte streams by the suffix of the file name: .gz (gzip), .zst (zstd), .deflate (zlib), .bz2
** (bzip2), .snappy and .lz4 (in Hadoop's frames). Writers know the first three; packer.h makes the others.
**
** Readers take any number of members or frames one after the other, never trust a size that the
** file states, limit zstd's window to 128 MiB, and give errors for truncated or damaged input
** (CORRUPT_FILE) instead of short data. Memory is bounded by the window and two buffers. */
#ifndef MILL_BASE_CODEC_H
#define MILL_BASE_CODEC_H

#include "base/file.h"

typedef enum mill_codec {
  MILL_CODEC_NONE,
  MILL_CODEC_GZIP,
  MILL_CODEC_ZSTD,
  MILL_CODEC_DEFLATE,
  MILL_CODEC_BZIP2,
  MILL_CODEC_SNAPPY,
  MILL_CODEC_LZ4,
  MILL_CODEC_UNKNOWN, /* one that there is not: xz. A file of it is read as it stands, as in Spark */
} mill_codec;

mill_codec mill_codec_of_path(const char *path);
/* Spark's option names: none, uncompressed, gzip, zstd, deflate, bzip2, snappy, lz4. UNKNOWN for others. */
mill_codec mill_codec_of_name(const char *name);
const char *mill_codec_suffix(mill_codec c); /* ".gz", "" */
/* CODEC_NOT_AVAILABLE for a codec's or a file's name. */
mill_status mill_codec_unknown(const char *name, mill_error *err);

typedef struct mill_reader mill_reader;
mill_status mill_reader_open(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                             mill_reader **out, mill_error *err) MILL_USE_RESULT;
/* Fewer than n bytes only at the end. On CORRUPT_FILE *got bytes were read before the damage, and
** every further call fails. */
mill_status mill_reader_read(mill_reader *r, void *p, size_t n, size_t *got,
                             mill_error *err) MILL_USE_RESULT;
void mill_reader_free(mill_reader *r);

typedef struct mill_writer mill_writer;
/* Creates the file; it must not exist. */
mill_status mill_writer_open(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                             mill_writer **out, mill_error *err) MILL_USE_RESULT;
/* Goes on behind what is in the file (made when it is not there) with a new member or frame. */
mill_status mill_writer_append(const mill_files *fs, mill_memory *m, const char *path, mill_codec c,
                               mill_writer **out, mill_error *err) MILL_USE_RESULT;
mill_status mill_writer_write(mill_writer *w, const void *p, size_t n,
                              mill_error *err) MILL_USE_RESULT;
/* Ends the stream, flushes the file to disk and frees w; on failure too. */
mill_status mill_writer_close(mill_writer *w, mill_error *err) MILL_USE_RESULT;
void mill_writer_free(mill_writer *w); /* gives up; the file stays as it is. NULL allowed */

/* One zstd frame with a checksum, appended to `out`; and back. `limit`: no more than that many
** bytes. */
mill_status mill_zstd_pack(const void *p, size_t n, int level, mill_text *out,
                           mill_error *err) MILL_USE_RESULT;
mill_status mill_zstd_unpack(const void *p, size_t n, size_t limit, mill_text *out,
                             mill_error *err) MILL_USE_RESULT;
/* The same for a frame that must be one whole frame as mill_zstd_pack makes it: no dictionary, a
** checksum, and `content` stated as its size. Nothing is allocated for one that is not. */
mill_status mill_zstd_unpack_exact(const void *p, size_t n, size_t content, mill_text *out,
                                   mill_error *err) MILL_USE_RESULT;
/* The same into memory that the caller has. */
mill_status mill_zstd_unpack_exact_into(mill_memory *m, const void *p, size_t n, void *out,
                                        size_t content, mill_error *err) MILL_USE_RESULT;
/* A frame of exactly `size` bytes, into memory that the caller has. */
mill_status mill_zstd_unpack_into(mill_memory *m, const void *p, size_t n, void *out, size_t size,
                                  mill_error *err) MILL_USE_RESULT;

#endif
