/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { BYTES = 256, STACK = 65536 };

static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};
static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGTRAP, SIGSYS};
enum { TAKEN = sizeof taken / sizeof taken[0], FATAL = sizeof fatal / sizeof fatal[0] };

static struct sigaction old_taken[TAKEN], old_fatal[FATAL], old_pipe;
static atomic_int came[TAKEN];
static int ends[2] = {-1, -1};
static void *main_stack;

/* For the fatal handler. */
static char rescue_bytes[BYTES];
static size_t rescue_n;
static int rescue_tty = -1, rescue_log = -1, rescue_err = -1;
static struct termios rescue_mode;
static bool rescue_has_mode;
static atomic_int rescue_armed;

static void on_signal(int sig)
{
	int kept = errno;
	for (int i = 0; i < TAKEN; i++)
		if (taken[i] == sig)
			atomic_store(&came[i], 1);
	if (write(ends[1], "s", 1) < 0)
		errno = kept; /* the pipe is full: there is something to read already */
	errno = kept;
}

static void put_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);
		if (done <= 0)
			return;
		bytes += done;
		n -= (size_t)done;
	}
}

/* Calls nothing but what POSIX allows in a handler. Leaves the signal to whoever had it before: it comes again when this returns. */
static void on_fatal(int sig)
{
	if (atomic_exchange(&rescue_armed, 0)) {
		put_all(rescue_tty, rescue_bytes, rescue_n);
		if (rescue_has_mode)
			tcsetattr(rescue_tty, TCSANOW, &rescue_mode);
		if (rescue_err >= 0) {
			char part[512];
			ssize_t n;
			if (rescue_log >= 0 && lseek(rescue_log, 0, SEEK_SET) == 0)
				while ((n = read(rescue_log, part, sizeof part)) > 0)
					put_all(rescue_err, part, (size_t)n);
			dup2(rescue_err, STDERR_FILENO);
		}
	}
	for (int i = 0; i < FATAL; i++)
		if (fatal[i] == sig)
			sigaction(sig, &old_fatal[i], NULL);
	raise(sig);
}

static bool open_ends(void)
{
	if (pipe(ends))
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(ends[i], F_SETFD, FD_CLOEXEC);
		fcntl(ends[i], F_SETFL, fcntl(ends[i], F_GETFL) | O_NONBLOCK);
	}
	return true;
}

bool signals_open(void)
{
	if (!open_ends())
		return false;
	main_stack = signals_stack();
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	sigemptyset(&a.sa_mask);
	for (int i = 0; i < TAKEN; i++) {
		atomic_store(&came[i], 0);
		sigaction(taken[i], &a, &old_taken[i]);
	}
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, &old_pipe);
	a.sa_handler = on_fatal;
	a.sa_flags = SA_ONSTACK;
	for (int i = 0; i < FATAL; i++)
		sigaction(fatal[i], &a, &old_fatal[i]);
	return true;
}

void signals_close(void)
{
	if (ends[0] < 0)
		return;
	atomic_store(&rescue_armed, 0);
	for (int i = 0; i < TAKEN; i++)
		sigaction(taken[i], &old_taken[i], NULL);
	sigaction(SIGPIPE, &old_pipe, NULL);
	for (int i = 0; i < FATAL; i++)
		sigaction(fatal[i], &old_fatal[i], NULL);
	signals_stack_free(main_stack);
	main_stack = NULL;
	close(ends[0]);
	close(ends[1]);
	ends[0] = ends[1] = -1;
}

int signals_fd(void)
{
	return ends[0];
}

static bool take(int sig)
{
	for (int i = 0; i < TAKEN; i++)
		if (taken[i] == sig)
			return atomic_exchange(&came[i], 0) != 0;
	return false;
}

struct signals signals_take(void)
{
	char bytes[64];
	while (read(ends[0], bytes, sizeof bytes) > 0)
		;
	struct signals s = {take(SIGINT), take(SIGTSTP), take(SIGCONT), take(SIGWINCH), 0};
	if (take(SIGHUP))
		s.end = SIGHUP;
	if (take(SIGTERM))
		s.end = SIGTERM;
	return s;
}

bool signals_want_cancel(void)
{
	for (int i = 0; i < TAKEN; i++)
		if ((taken[i] == SIGINT || taken[i] == SIGTERM || taken[i] == SIGHUP) && atomic_load(&came[i]))
			return true;
	return false;
}

/* Where there is no shell to continue it (an orphaned process group) the system drops this, and so it should. */
void signals_stop_self(void)
{
	struct sigaction a = {.sa_handler = SIG_DFL}, mine;
	sigemptyset(&a.sa_mask);
	sigaction(SIGTSTP, &a, &mine);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &mine, NULL);
	take(SIGCONT); /* whoever called redraws anyway */
}

void signals_maskable(sigset_t *set)
{
	sigfillset(set);
	for (int i = 0; i < FATAL; i++)
		if (fatal[i] != SIGQUIT)
			sigdelset(set, fatal[i]);
}

void *signals_stack(void)
{
	stack_t now;
	if (sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE))
		return NULL; /* a sanitizer brought its own */
	stack_t s = {.ss_sp = malloc(STACK), .ss_size = STACK};
	if (s.ss_sp && sigaltstack(&s, NULL)) {
		free(s.ss_sp);
		return NULL;
	}
	return s.ss_sp;
}

void signals_stack_free(void *stack)
{
	stack_t s = {.ss_flags = SS_DISABLE};
	if (stack)
		sigaltstack(&s, NULL);
	free(stack);
}

void signals_rescue(const struct rescue *r)
{
	atomic_store(&rescue_armed, 0);
	rescue_n = r->n < BYTES ? r->n : BYTES;
	memcpy(rescue_bytes, r->bytes, rescue_n);
	rescue_tty = r->tty;
	rescue_log = r->log;
	rescue_err = r->err;
	rescue_has_mode = r->tty >= 0 && r->mode;
	if (rescue_has_mode)
		rescue_mode = *r->mode;
}

void signals_rescue_arm(bool armed)
{
	atomic_store(&rescue_armed, armed);
}
