/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The program on a terminal as tests begin and end with it. */
#ifndef ELBOW_TESTS_PROGRAM_H
#define ELBOW_TESTS_PROGRAM_H

#include <stdbool.h>

#include "pty.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* An E-step that takes far longer than any test, but can be stopped between documents. */
#define LONG "-k", "400", "-s", "e_tolerance=0", "-s", "e_sweeps=1000"

/* At home in the test's place. */
struct pty *open_options(struct pty_options o);
struct pty *open_args(const char *const *args);
/* On the gazette, at rest. */
struct pty *open_plain(void);
/* A corpus for LONG; its path. */
const char *long_corpus(void);
/* In the middle of the long E-step. */
struct pty *open_busy(void);

/* Waits for the end: its status, and the terminal's mode as it was. */
void check_status(struct pty *p, int status);
/* Screen, mouse, paste and cursor as they were, too. */
void check_left_clean(struct pty *p);
/* Both; frees p. */
void check_end(struct pty *p, int status);
/* Q, and out. */
void check_quit(struct pty *p);

/* Runs a group of tests; the program's path is the first argument or $ELBOW, the second may name tests. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)
void program_arguments(int argc, char *argv[]);

#endif
