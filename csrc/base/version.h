/* The version, which files that are written name too. */
#ifndef MILL_BASE_VERSION_H
#define MILL_BASE_VERSION_H

#define MILL_VERSION "0.1.0"

#endif
