/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a function says that it failed: a code for the program, one clear line for the person. */
#ifndef ELBOW_STATUS_H
#define ELBOW_STATUS_H

enum em_status {
	EM_OK = 0,
	EM_CANCELLED, /* the caller's hook asked to stop; nothing changed */
	EM_USAGE,     /* a command, option or setting is wrong */
	EM_INPUT,     /* data is wrong */
	EM_IO,        /* the system refused to read or write */
	EM_MEMORY,    /* out of memory; nothing changed */
	EM_FAILED,    /* a step has no result (a component collapses); the run stands as before */
	EM_BREACH     /* an invariant of the engine does not hold */
};

/* The message holds one line without "elbow: " in front and without a newline:
 * "FILE:LINE: what is wrong; what would be right" where there is a file. */
struct em_err {
	enum em_status code;
	char msg[480];
};

/* Fills err (NULL is allowed) and returns code, so that `return em_fail(...)` reads well.
 * Control characters in the formatted text become '?', a cut text ends in "...". */
enum em_status em_fail(struct em_err *err, enum em_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* em_fail with the message for "out of memory". */
enum em_status em_no_memory(struct em_err *err);

#endif
