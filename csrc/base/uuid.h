/* Random ids (RFC 9562, version 4): names of files and queries that must not meet. */
#ifndef MILL_BASE_UUID_H
#define MILL_BASE_UUID_H

enum { MILL_UUID = 37 }; /* "01234567-89ab-4cde-8f01-23456789abcd" and the NUL */

void mill_uuid(char out[MILL_UUID]);

#endif
